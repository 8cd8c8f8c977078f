"""Fill the templates, with the hashes of all that the report is made from."""

from pathlib import Path

from provenance.job import job
from provenance.carried import MANIFEST, pack
from provenance.document.attachment import attachment
from provenance.document.contents import contents
from provenance.document.report import render
from provenance.files import canonical_json, digest, write_text

with job(snakemake):
    given, report = snakemake.input, snakemake.params.report
    manifest, claims, values = contents(snakemake)
    packed = Path(snakemake.output.packed).name
    folder = packed.removesuffix("-sources.zip")
    sources = {
        path: Path(path).read_bytes() for path in (*given.sources, *given.get("signature", ()))
    }
    sources[MANIFEST] = canonical_json(manifest._asdict()).encode()
    pack(snakemake.output.packed, folder, sources)
    machine = {p: h for p, h in manifest.sources.items() if p.startswith("provenance/")}
    values |= {
        "machine_hash": digest(machine),
        "page": Path(given.page).name,
        "page_hash": manifest.files[given.page],
        "packed": packed,
        "folder": folder,
        "carried": attachment(packed, f"snakemake {report}"),
    }
    write_text(snakemake.output.tex, render("report", values, claims))
