"""Writes a tar from a list of entries, hostile ones too: argv is its path, stdin the entries as JSON."""

import io
import json
import sys
import tarfile

kinds = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
}
mode = "w:gz" if sys.argv[1].endswith("gz") else "w"
with tarfile.open(sys.argv[1], mode) as tar:
    for entry in json.load(sys.stdin):
        info = tarfile.TarInfo(entry["path"])
        info.type = kinds[entry.get("kind", "file")]
        info.mode = entry.get("mode", 0o755)
        info.uid = info.gid = entry.get("uid", 0)
        content = entry.get("content", "").encode()
        info.linkname = entry.get("target", "")
        if info.type == tarfile.REGTYPE:
            info.size = len(content)
        if info.type == tarfile.CHRTYPE:
            info.devmajor, info.devminor = 1, 3
        tar.addfile(info, io.BytesIO(content) if info.type == tarfile.REGTYPE else None)
