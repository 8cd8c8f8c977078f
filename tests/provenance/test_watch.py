"""The front door, through a tiny project of its own: three rules, nothing of this report."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "Snakefile": f"""
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, workflow.basedir)
import provenance

with provenance.watch(
    workflow,
    config="config.yaml",
    schema="schema.yaml",
    computed=["results"],
    downloads={{"data/words.txt": "{sha256(b"words").hexdigest()}"}},
    overridable=["mode"],
):
    rule count:
        default_target: True
        input: drawn="results/first.txt", words="data/words.txt", style="style.txt"
        output: "results/count.txt"
        log: "logs/count.log"
        params: n=lambda wildcards, input: len(input), pair=(1, 2)
        script: "scripts/count.py"

    rule draw:
        output: "results/{{name}}.txt"
        log: "logs/{{name}}.log"
        params: draw=config["draw"], name=lambda wildcards: wildcards.name
        script: "scripts/draw.py"

    rule fetch:
        output: "data/words.txt"
        log: "logs/fetch.log"
        script: "scripts/fetch.py"
""",
    **{
        f"scripts/{name}.py": f"""
from provenance.job import job
{imports}
with job(snakemake):
    open(snakemake.output[0], "w").write({text})
"""
        for name, imports, text in [
            ("count", "", "open(snakemake.input.drawn).read()"),
            ("draw", "from lib.tools import drawn", 'drawn(snakemake.params.draw["seed"])'),
            ("fetch", "", '"words"'),
        ]
    },
    "lib/tools.py": "import time\ndef drawn(seed): return f'{seed} drawn in {time.tzname[0]}'\n",
    "lib/unused.py": "",
    "style.txt": "",
    "config.yaml": "draw: {seed: 1}\n",
    "schema.yaml": """
additionalProperties: false
properties:
  draw: {properties: {seed: {type: integer, description: a seed}}}
  mode: {type: string}
  note: {type: string}
""",
    "requirements.txt": f"numpy=={version('numpy')}\n",
    "profiles/default/config.yaml": """
cores: 1
quiet: [host, reason]
rerun-triggers: [mtime, params, input]
rerun-incomplete: true
""",
}

# Snakemake takes a second to load; so it is loaded once, and each run is a fork of it.
SERVER = """
import json, os, sys
import jsonschema, smart_open, yaml
import snakemake.cli, snakemake.executors.local, snakemake.persistence.file, snakemake.report

snakemake.cli.get_argument_parser()
for line in sys.stdin:
    folder, *arguments = json.loads(line)
    if (child := os.fork()) == 0:
        os.chdir(folder)
        said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1), os.dup2(said, 2)
        snakemake.cli.main(arguments)  # it exits
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Return a function that runs Snakemake in a folder; it gives exit status and words."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", SERVER], **pipes) as server:

        def snakemake(folder: Path, *arguments: str) -> tuple[int, str]:
            print(json.dumps([str(folder), *arguments]), file=server.stdin, flush=True)
            status = int(server.stdout.readline())
            return status, (folder / "said").read_text()

        yield snakemake
        server.stdin.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory, run: Run) -> Path:
    """Return a folder with a finished build, for reading only."""
    folder = tmp_path_factory.mktemp("tiny") / "built"
    shutil.copytree(ROOT / "provenance", folder / "provenance")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert run(folder)[0] == 0, (folder / "said").read_text()
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """Return a finished build that the test may spoil; dates are as they were."""
    return Path(shutil.copytree(built, tmp_path / "project", copy_function=shutil.copy2))


def planned(run: Run, folder: Path) -> set[str]:
    """Name the rules that would run."""
    status, said = run(folder, "-n")
    assert status == 0, said
    return set(re.findall(r"^(?:local)?rule (\w+):", said, re.MULTILINE))


def test_each_rule_with_a_script_reads_the_sources_that_it_reaches(built) -> None:
    paths = (built / ".snakemake/receipts").iterdir()
    inputs = {path.name: json.loads(path.read_text())["inputs"].keys() for path in paths}
    shared = {f"provenance/{n}.py" for n in ("__init__", "errors", "files", "job", "receipts")}
    shared |= {"requirements.txt"}
    own = {"scripts/count.py", "results/first.txt", "data/words.txt", "style.txt"}
    assert inputs == {
        "results%2Ffirst.txt.json": {*shared, "scripts/draw.py", "lib/tools.py"},
        "results%2Fcount.txt.json": {*shared, *own},
        # A file that is pinned by its hash does not depend on who brings it.
        "data%2Fwords.txt.json": set(),
    }
    assert not list(built.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("lib/unused.py", set()),
        ("scripts/fetch.py", set()),
        ("lib/tools.py", {"draw", "count"}),
        ("scripts/count.py", {"count"}),
        ("style.txt", {"count"}),
        ("requirements.txt", {"draw", "count"}),
        ("results/first.txt", {"draw", "count"}),
        ("data/words.txt", {"fetch", "count"}),
    ],
)
def test_an_edited_file_reruns_what_uses_it(project, run, name, rules) -> None:
    with open(project / name, "a") as file:
        file.write("\n# edited\n")
    assert planned(run, project) == rules


@pytest.mark.row(36, "What is not as its job would leave it now is made again all the same.")
def test_a_changed_setting_is_not_touched_away(project, run) -> None:
    (project / "config.yaml").write_text("draw: {seed: 2}\n")
    status, said = run(project, "--touch")
    assert status == 1
    assert "count.txt is not of the present sources (other parameters: draw)." in said
    assert planned(run, project) == {"draw", "count"}
    assert run(project)[0] == 0
    assert (project / "results/count.txt").read_text() == "2 drawn in UTC"
    assert planned(run, project) == set()


@pytest.mark.row(36)
@pytest.mark.parametrize(
    "options",
    [
        ["--ignore-incomplete"],
        ["--rerun-triggers", "mtime"],
        ["--workflow-profile", "none", "--cores", "1"],
        ["--workflow-profile", "elsewhere"],
    ],
)
def test_no_option_lets_an_altered_record_or_old_settings_pass(project, run, options) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere/config.yaml").write_text("cores: 1\nignore-incomplete: true\n")
    path = project / "results/first.txt"
    before = path.read_text(), os.stat(path)
    path.write_text("forged")
    os.utime(path, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))
    status, said = run(project, *options)
    assert (status, path.read_text()) == (0, before[0]), said
    (project / "config.yaml").write_text("draw: {seed: 2}\n")
    status, said = run(project, *options)
    assert (status, path.read_text()) == (0, "2 drawn in UTC"), said


@pytest.mark.row(
    85,
    "The build ends with status 1 and says what differs and which options to leave out, whether or "
    "not there was anything to do.",
)
@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--omit-from", "draw"], "--omit-from"),
        (["--allowed-rules", "count"], "--allowed-rules"),
        (["--touch"], "--touch"),
        (["--workflow-profile", "elsewhere"], "--omit-from"),
    ],
)
def test_an_old_result_that_an_option_keeps_is_told(project, run, options, named) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere/config.yaml").write_text("cores: 1\nomit-from: draw\n")
    with open(project / "lib/tools.py", "a") as file:
        file.write("# edited\n")
    status, said = run(project, *options, "--", "results/count.txt")
    assert status == 1, said
    words = "\nresults/count.txt is not of the present sources (lib/tools.py changed).\n"
    assert words in said
    assert named in said.splitlines()[-1]
    assert not (project / ".snakemake/checked").exists()
    assert run(project)[0] == 0
    assert (project / ".snakemake/checked").read_text() == "results/count.txt\n"


@pytest.mark.row(85)
def test_a_result_of_an_input_that_an_option_calls_old_is_told(project, run) -> None:
    path = project / "lib/tools.py"
    path.write_text(path.read_text().replace("drawn in", "drawn anew in"))
    status, said = run(project, "--consider-ancient", "count=drawn", "--", "results/count.txt")
    assert status == 1, said
    assert "count.txt is not of the present sources (results/first.txt changed)." in said
    assert "--consider-ancient" in said.splitlines()[-1]


@pytest.mark.row(85)
@pytest.mark.parametrize("mode", ["subprocess", "remote"])
def test_a_mode_that_looks_at_nothing_is_refused(project, run, mode) -> None:
    (project / "results/count.txt").write_text("altered")
    status, said = run(project, "--cores", "1", "--mode", mode)
    assert status == 1
    assert said.endswith("  -> Run the same command again without --mode.\n")


@pytest.mark.row(85)
def test_what_is_altered_beside_somebody_elses_lock_is_told(project, run) -> None:
    (project / ".snakemake/locks").mkdir(exist_ok=True)
    (project / "results/count.txt").write_text("altered")
    spoil(
        "Snakefile",
        FILES["Snakefile"].replace(
            "with prov",
            """
from pathlib import Path
from provenance import folder
clear = folder.clear_after_the_dead
def lock(places):
    clear(places)
    Path(".snakemake/locks/0.output.lock").write_text("results/count.txt\\n")
folder.clear_after_the_dead = lock
with prov""",
        ),
    )(project)
    status, said = run(project, "--nolock")
    assert status == 1, said
    assert "count.txt is not of the present sources (results/count.txt is not what its" in said
    assert "--nolock" in said.splitlines()[-1]


@pytest.mark.row(86, "The build ends with status 1; the same command again makes it anew.")
@pytest.mark.parametrize("edited", ["lib/tools.py", "style.txt", "scripts/count.py"])
def test_a_source_that_is_saved_while_the_last_job_runs_is_told(project, run, edited) -> None:
    save = "import pathlib, atexit\natexit.register(lambda: open({!r}, 'a').write('# saved\\n'))\n"
    (project / "results/count.txt").unlink()
    script = project / "scripts/count.py"
    whole = script.read_text()
    script.write_text(whole + save.format(edited))
    status, said = run(project)
    assert status == 1, said
    assert f"count.txt is not of the present sources ({edited} changed)." in said
    script.write_text(whole)
    assert run(project)[0] == 0
    assert planned(run, project) == set()


@pytest.mark.row(85)
def test_a_folder_in_place_of_a_target_is_told(project, run) -> None:
    (project / "results/count.txt").unlink()
    (project / "results/count.txt").mkdir()
    status, said = run(project)
    assert status == 1, said
    assert "results/count.txt is a folder.\n  -> Remove it" in said


def test_a_dry_run_does_not_look_again(project, run) -> None:
    (project / "config.yaml").write_text("draw: {seed: 2}\n")
    assert run(project, "-n", "--omit-from", "draw")[0] == 0
    assert not (project / ".snakemake/checked").exists()


def of_bytes(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


def of_another_kind(path: Path) -> None:
    path.write_text("[]")


def a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def a_file(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("")


ENTRY = ".snakemake/{}/cmVzdWx0cy9jb3VudC50eHQ="  # of results/count.txt
DAMAGED = [
    *((ENTRY.format("metadata"), damage) for damage in (of_bytes, of_another_kind, a_folder)),
    *((ENTRY.format("incomplete"), damage) for damage in (of_bytes, a_folder)),
    (".snakemake/locks/0.output.lock", of_bytes),
    (".snakemake/locks/0.output.lock", a_folder),
    (".snakemake/receipts/results%2Fcount.txt.json", of_bytes),
    (".snakemake/receipts/results%2Fcount.txt.json", a_folder),
    *((f".snakemake/{name}", a_file) for name in ("metadata", "incomplete", "locks", "receipts")),
]


@pytest.mark.row(
    88, "What is damaged is removed, for it is derived, and what it spoke of is made again."
)
@pytest.mark.parametrize(("name", "damage"), DAMAGED)
def test_a_damaged_register_is_made_anew(project, run, name, damage) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    damage(project / name)
    status, said = run(project)
    assert status == 0, said
    assert "Traceback" not in said
    assert planned(run, project) == set()


@pytest.mark.row(88)
def test_a_file_in_place_of_the_folder_of_logs_is_told(project, run) -> None:
    a_file(project / "logs")
    status, said = run(project)
    assert status == 1, said
    assert said.endswith(
        "\nlogs should be a folder.\n  -> Remove it and run the same command again.\n"
    )


@pytest.mark.row(89, "Jobs import from the project and its environment alone.")
def test_a_module_beside_snakemakes_copies_of_scripts_or_at_home_is_not_used(
    project, run, tmp_path
) -> None:
    home = tmp_path / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    for path in (project / ".snakemake/scripts/lib/tools.py", home / "usercustomize.py"):
        path.parent.mkdir(parents=True)
        path.write_text("import os\nos._exit(7)\n")
    (project / "results/first.txt").unlink()
    snakefile = project / "Snakefile"
    snakefile.write_text(
        f"import os\nos.environ['PYTHONUSERBASE'] = {str(tmp_path)!r}\n" + snakefile.read_text()
    )
    status, said = run(project)
    assert status == 0, said
    assert (project / "results/first.txt").read_text() == "1 drawn in UTC"


@pytest.mark.row(29)
def test_a_clock_that_was_set_back_hinders_nothing(project, run) -> None:
    with open(project / "lib/tools.py", "a") as file:
        file.write("# edited\n")
    for path in project.rglob("*"):
        os.utime(path, (time.time() + 7200,) * 2)
    assert run(project)[0] == 0
    assert planned(run, project) == set()


@pytest.mark.parametrize("touched", [False, True])
def test_inputs_that_changed_places_rerun_their_job(project, run, touched) -> None:
    snakefile = project / "Snakefile"
    swapped = 'words="style.txt", style="data/words.txt"'
    files = snakefile.read_text().replace('words="data/words.txt", style="style.txt"', swapped)
    snakefile.write_text(files)
    assert swapped in files
    if touched:
        assert run(project, "--touch")[0] == 1
    assert planned(run, project) == {"count"}
    assert run(project)[0] == 0
    assert planned(run, project) == set()


def test_a_wildcard_may_be_given_another_name(project, run) -> None:
    snakefile = project / "Snakefile"
    snakefile.write_text(snakefile.read_text().replace("{name}", "{a}").replace("s.name", "s.a"))
    assert planned(run, project) == set()


def spoil(name: str, text: str) -> Callable[[Path], object]:
    """Return an edit that gives a file another text."""
    return lambda folder: (folder / name).write_text(text)


def remove(name: str) -> Callable[[Path], object]:
    """Return an edit that removes a file."""
    return lambda folder: (folder / name).unlink()


def name_with_braces(folder: Path) -> None:
    """Give an input a name that Snakemake does not read as one."""
    (folder / "style.txt").rename(folder / "{style}.txt")
    spoil("Snakefile", FILES["Snakefile"].replace('"style.txt"', '"{style}.txt"'))(folder)


def link_to_nowhere(folder: Path) -> None:
    """Leave of a file what Git leaves where it cannot bring what is behind a link."""
    (folder / "style.txt").unlink()
    (folder / "style.txt").symlink_to("nowhere")


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (remove("style.txt"), "There is no file style.txt. The rule count needs it"),
    "link": (link_to_nowhere, "There is no file style.txt. The rule count needs it"),
    "no script": (remove("scripts/count.py"), "There is no file scripts/count.py."),
    "no pins": (remove("requirements.txt"), "There is no file requirements.txt."),
    "braces": (name_with_braces, "Snakemake takes the braces in {style}.txt for wildcards."),
    "setting": (spoil("config.yaml", "draw: {seed: x}\n"), "draw.seed: expected a seed; got 'x'"),
    "no config": (remove("config.yaml"), "There is no file config.yaml."),
    "package": (spoil("requirements.txt", "numpy==1.0\n"), "numpy==1.0; installed: "),
    "shadow": (spoil("numpy.py", ""), "numpy.py in the project's folder"),
    "broken": (spoil("lib/tools.py", "def\n"), "lib/tools.py cannot be read as Python"),
    "latin-1": (
        lambda folder: (folder / "lib/tools.py").write_bytes(b"# caf\xe9\n"),
        "lib/tools.py cannot be read as Python: 'utf-8' codec can't decode byte 0xe9",
    ),
    "no log": (
        spoil("Snakefile", FILES["Snakefile"].replace('log: "logs/count.log"', "")),
        "The rule count has no log",
    ),
}


@pytest.mark.row(
    44,
    "Refused before anything is built, by its name; it never counts as a reason to keep results.",
)
@pytest.mark.row(55)
@pytest.mark.parametrize("fault", REFUSED)
def test_what_cannot_be_built_from_is_refused_by_name_and_nothing_is_built(
    project, run, fault
) -> None:
    shutil.rmtree(project / "results")
    spoiled, words = REFUSED[fault]
    spoiled(project)
    status, said = run(project)
    assert status != 0
    *before, _, cause, remedy = said.rstrip().splitlines()
    assert not [line for line in before if line.startswith("  File ")]
    assert words in cause
    assert remedy.startswith("  -> ")
    assert not (project / "results").exists()


def test_the_command_line_sets_what_it_may_and_no_more(project, run) -> None:
    assert run(project, "--config", "mode=x")[0] == 0
    status, said = run(project, "--config", "note=x")
    assert status != 0
    assert "The command line changes note, but the report prints config.yaml." in said


@pytest.mark.row(63, "Refused, with the command that removes only what was computed.")
def test_what_was_downloaded_is_not_deleted_as_an_output(project, run) -> None:
    status, said = run(project, "--delete-all-output")
    assert status != 0
    assert "make clean" in said.splitlines()[-1]
    assert (project / "data/words.txt").read_text() == "words"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('script: "scripts/draw.py"', 'shell: "echo 1 >{output}"', "draw has no script"),
        ("with job(snakemake):", "if True:", "draw.py does not say what it reads"),
    ],
)
def test_a_rule_that_no_job_would_vouch_for_is_refused(project, run, old, new, said) -> None:
    for path in (project / "Snakefile", project / "scripts/draw.py"):
        path.write_text(path.read_text().replace(old, new))
    status, words = run(project, "-n")
    assert status != 0
    assert said in words.splitlines()[-2]


@pytest.mark.row(59, "Refused before anything is built, or the job names the disk that is full.")
def test_no_room_for_temporary_files_is_told_before_a_build(project, run) -> None:
    spoil(
        "Snakefile",
        f"import provenance.folder\nprovenance.folder.ROOM = 1 << 60\n{FILES['Snakefile']}",
    )(project)
    status, said = run(project)
    assert status != 0
    assert f"for temporary files, {tempfile.gettempdir()}, is full" in said
    assert "TMPDIR" in said.splitlines()[-1]


@pytest.mark.row(53, "Built anew; a copy of what it was is kept beside it, and that is said.")
def test_a_document_that_somebody_has_changed_is_kept(project, run) -> None:
    single = FILES["Snakefile"].replace('["results"]', '["results", "results/count.txt"]')
    spoil("Snakefile", single)(project)
    document = project / "results/count.txt"
    built = document.read_text()
    for text in ("signed", "signed again"):
        document.write_text(text)
        assert planned(run, project) == {"count"}
        assert run(project)[0] == 0
        assert document.read_text() == built
    kept = sorted(path.read_text() for path in project.glob("results/count.txt.changed-*"))
    assert kept == ["signed", "signed again"]
    assert planned(run, project) == set()


def leave_behind(project: Path) -> list[Path]:
    """Leave what a build that was killed leaves, and a file of the future; return the former."""
    left = [
        project / "lib/__pycache__/tools.pyc",
        project / ".snakemake/locks/0.output.lock",
        project / "results/.first.txt.x.part",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    os.utime(project / "style.txt", (4e9, 4e9))
    return left


def test_a_folder_is_put_in_order_before_a_build(project, run) -> None:
    left = leave_behind(project)
    assert planned(run, project) == set()
    assert [path for path in left if path.exists()] == []
    assert os.stat(project / "style.txt").st_mtime < 4e9


def test_a_job_on_a_cluster_leaves_the_folder_as_it_is(project, run) -> None:
    left = leave_behind(project)
    (project / "results/count.txt").write_text("altered")
    job = ("--mode", "remote", "--cores", "1", "--nolock", "--no-hooks", "--force")
    status, said = run(project, *job, "--target-jobs", "draw:name=first")
    assert status == 0, said
    assert [path for path in left if not path.exists()] == []
    assert os.stat(project / "style.txt").st_mtime == 4e9
    assert not any((project / ".snakemake/incomplete").glob("*")), "nothing was marked"


@pytest.mark.row(37, "Refused, with the folder to build in.")
def test_a_report_is_built_in_its_own_folder_of_a_proper_name(project, run, tmp_path) -> None:
    status, said = run(tmp_path, "--snakefile", str(project / "Snakefile"), "--cores", "1")
    assert status != 0
    assert f"The Snakefile of {project} was asked to build in {tmp_path}." in said
    status, said = run(project.rename(tmp_path / "a:b"))
    assert status != 0
    assert "with ':' in its path" in said


def test_the_cause_of_a_failed_job_is_told_last(project, run) -> None:
    (project / "lib/tools.py").write_text("def drawn(seed): raise ValueError('seedless')\n")
    status, said = run(project)
    assert status != 0
    assert said.rpartition("draw failed: ")[2].splitlines()[0] == "ValueError: seedless"
    assert "The traceback is in logs/first.log." in said.splitlines()[-1]


def test_several_changes_are_all_told_before_a_build(project) -> None:
    for name in ("lib/tools.py", "style.txt"):
        with open(project / name, "a") as file:
            file.write("# edited\n")
    (project / "config.yaml").write_text("draw: {seed: 2}\n")
    command = [sys.executable, "-m", "provenance", "why", "results/count.txt"]
    ran = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "lib/tools.py changed, draw.seed changed from 1 to 2 -> draw first -> count",
        "style.txt changed -> count",
    ]
