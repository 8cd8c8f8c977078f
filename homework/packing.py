"""MNIST's four files made again where somebody has unpacked them, or packed them anew."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import zlib
from contextlib import suppress
from pathlib import Path

from nn.digits import LARGEST

# When each file was packed, in seconds since 1970: its header says so.
PACKED = {
    "train-images-idx3-ubyte.gz": 848331386,
    "train-labels-idx1-ubyte.gz": 848331398,
    "t10k-images-idx3-ubyte.gz": 885827245,
    "t10k-labels-idx1-ubyte.gz": 885827268,
}


def packed_again(path: Path) -> bytes | None:
    """Pack what should be in a .gz file, and lies there in another form, as its authors did.

    GNU's gzip still gives the bytes that it gave them, and their SHA-256 then vouches for the
    content. With another gzip, or another content, the bytes differ. None if nothing lies there.
    """
    content = next(filter(None, map(_unpacked, _places(path))), None)
    if content is None:
        return None
    name = path.stem.replace("-idx", ".idx")
    header = (
        b"\x1f\x8b\x08\x08" + struct.pack("<I2B", PACKED[path.name], 0, 3) + name.encode() + b"\0"
    )
    command, bare = ["gzip", "-6", "--no-name", "--stdout"], {"PATH": os.environ.get("PATH", "")}
    with suppress(FileNotFoundError):
        packed = subprocess.run(command, input=content, env=bare, capture_output=True, check=False)
        return header + packed.stdout[10:]  # its own header has 10 bytes
    return header


def _places(path: Path) -> list[Path]:
    """List under which names the content is found: the file's, and those that others unpack to."""
    plain = path.with_suffix("")
    return [path, plain, plain.with_name(plain.name.replace("-idx", ".idx")), plain / plain.name]


def _unpacked(path: Path) -> bytes | None:
    """Read a file's content, unpacked, if there is one of a size that it may have."""
    with suppress(OSError, EOFError, zlib.error), path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        stream = gzip.GzipFile(fileobj=file) if packed else file
        content = stream.read(LARGEST + 1)
        return content if len(content) <= LARGEST else None
    return None
