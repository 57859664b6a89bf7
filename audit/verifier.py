#!/usr/bin/env python3
"""Check audit events without the service that gave them out: `python verifier.py BUNDLE [--key KEY]...` (BEY-2, AUD-10).

Instead of a bundle it takes the folder of a contract's export: then every checksum of its manifest is computed anew, the whole
tree grown from the events, and compared with each checkpoint.

This file stands alone: Python 3.9 or later and the package `cryptography`. The service itself checks with the same code.
The log is a Merkle tree as of RFC 6962; its checkpoints are C2SP signed notes with Ed25519. A bundle is one JSON object a line:
first the checkpoint and the key, then the event of the search, then the events found, newest first, then the event that the
service recorded when it made the bundle, which holds the count and the digest of the lines before it.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "plateledger bundle v1"
# What a bundle begins and ends with: a search, or a request for a delivery of the log.
ENDS = {("audit.searched", "audit.bundled"), ("delivery.asked", "delivery.made")}
EVENT_KEYS = {"at", "id", "index", "kind", "nonce", "payload", "proof", "xact"}
# What is left of an event that was dropped at the end of its retention.
DROPPED_KEYS = {"at", "id", "index", "leaf"}
# The events that speak for such a drop: they outlive every month. Both sides approve.
ANNOUNCED, APPROVED, WITHDRAWN = "retention.announced", "retention.approved", "retention.withdrawn"
SPEAKING = {ANNOUNCED, APPROVED, WITHDRAWN}
SIDES = AGENCY, OPERATOR = "agency_appointer", "operations"
HASH_BYTES = 32
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBER = re.compile(r"[0-9]+")
EXPORT_FORMAT = "plateledger export v1"
MANIFEST = "manifest.json"


class NotProven(Exception):
    """The bundle, checkpoint or proof does not hold; the message says where and why."""


# --- The tree (RFC 6962, section 2.1) -------------------------------------------------------------------------------------
def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hash(id: str, at: int, xact: str, kind: str, nonce: bytes, payload: str) -> bytes:
    """The leaf of an event: SHA-256(0x00, header, SHA-256(nonce, payload)); `at` in microseconds since 1970."""
    header = f"plateledger event v1\n{id}\n{at}\n{xact}\n{kind}\n".encode()
    return hashlib.sha256(b"\x00" + header + hashlib.sha256(nonce + payload.encode()).digest()).digest()


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` leaves in which `leaf` stands at `index`, by the proof (RFC 9162, section 2.1.3.2).

    Raises:
        NotProven: the proof does not have the length that index and size ask for.
    """
    if not 0 <= index < size:
        raise NotProven(f"index {index} lies outside of a tree of {size} leaves")
    hash, node, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise NotProven("the proof is too long")
        if node & 1 or node == last:
            hash = node_hash(sibling, hash)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash = node_hash(hash, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotProven("the proof is too short")
    return hash


def check_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """That the tree of `size` leaves begins with the one of `old_size` (RFC 9162, section 2.1.4.2).

    Raises:
        NotProven: it does not, or the proof is not one.
    """
    if not 0 < old_size <= size:
        raise NotProven("the older tree must be the smaller one")
    if old_size == size:
        if proof or old_root != root:
            raise NotProven("two roots of one size")
        return
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        raise NotProven("the proof is empty")
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old, new = path[0], path[0]
    for sibling in path[1:]:
        if last == 0:
            raise NotProven("the proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last or old != old_root or new != root:
        raise NotProven("the newer tree does not begin with the older one")


# --- Keys and checkpoints (C2SP signed-note and tlog-checkpoint) ------------------------------------------------------------
@dataclass(frozen=True)
class Key:
    """A verifier key `name+hash+base64(0x01, public key)`; its short hash stands in each signature."""

    text: str
    name: str
    hash: bytes
    public: Ed25519PublicKey


@dataclass(frozen=True)
class Checkpoint:
    """What a note says: the tree of `size` leaves has `root`; `at` in microseconds since 1970."""

    origin: str
    size: int
    root: bytes
    at: int
    signed_by: str


def key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def key_text(name: str, public: bytes) -> str:
    return f"{name}+{key_hash(name, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}"


def read_key(text: str) -> Key:
    """Raises NotProven for what is no verifier key of Ed25519."""
    parts = text.strip().split("+", 2)
    raw = unbase64(parts[2]) if len(parts) == 3 else b""
    if len(raw) != 33 or raw[0] != 1 or key_hash(parts[0], raw[1:]).hex() != parts[1]:
        raise NotProven("the key is not a verifier key")
    return Key(text.strip(), parts[0], bytes.fromhex(parts[1]), Ed25519PublicKey.from_public_bytes(raw[1:]))


def open_checkpoint(note: str, keys: Iterable[Key]) -> Checkpoint:
    """Read a checkpoint that one of `keys` signed.

    Raises:
        NotProven: it is malformed, or none of the keys signed it.
    """
    body, signed_by = open_note(note, keys)
    lines = body.split("\n")
    if len(lines) != 4 or not lines[3].startswith("time "):
        raise NotProven("the checkpoint is malformed")
    origin, size, at = lines[0], lines[1], lines[3][5:]
    if not all(NUMBER.fullmatch(number) and len(number) < 20 and str(int(number)) == number for number in (size, at)):
        raise NotProven("the checkpoint is malformed")
    return Checkpoint(origin, int(size), unbase64(lines[2]), int(at), signed_by.text)


def open_note(note: str, keys: Iterable[Key]) -> tuple[str, Key]:
    """The text of a signed note, a checkpoint or a certificate, and the one of `keys` that signed it.

    Raises:
        NotProven: it is malformed, or none of the keys signed it.
    """
    body, blank, signatures = note.partition("\n\n")
    origin = body.partition("\n")[0]
    if not blank:
        raise NotProven("the checkpoint is malformed")
    signature = signatures.split("\n")
    if len(signature) != 2 or signature[1] or not signature[0].startswith("\u2014 "):
        raise NotProven("the checkpoint does not have one signature")
    name, _, coded = signature[0][2:].rpartition(" ")
    raw = unbase64(coded)
    for key in keys:
        if key.name == name == origin and raw[:4] == key.hash:
            try:
                key.public.verify(raw[4:], (body + "\n").encode())
            except InvalidSignature:
                raise NotProven("the checkpoint's signature does not hold") from None
            return body, key
    raise NotProven("no key that is trusted signed the checkpoint")


def unbase64(text: str) -> bytes:
    """Strict: one text for one value, so that no bit of a bundle is without meaning."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotProven("what should be base64 is not") from None
    if base64.b64encode(raw).decode() != text:
        raise NotProven("base64 with loose ends")
    return raw


# --- Bundles --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Report:
    """What a bundle proves. `search` and `made` are the payloads of its first and last event; `count` is of those between."""

    checkpoint: Checkpoint
    count: int
    search: dict[str, Any]
    searched_at: int
    made: dict[str, Any]
    key_was_given: bool


def check_bundle(lines: Iterable[bytes], keys: Sequence[str] = ()) -> Report:
    """Check every byte of a bundle.

    Args:
        lines: the file's lines, each with its newline.
        keys: the verifier keys that are trusted; without any, the key in the bundle is taken at its word.

    Raises:
        NotProven: anything was changed, left out, added or moved; the message names the line.
    """
    numbered = enumerate(lines, 1)
    head = _object(next(numbered, (1, b""))[1], "line 1", {"bundle", "checkpoint", "key"})
    if head["bundle"] != FORMAT:
        raise NotProven("line 1: not a bundle of this format")
    try:
        carried = read_key(head["key"])
        checkpoint = open_checkpoint(head["checkpoint"], [read_key(key) for key in keys] or [carried])
        if checkpoint.signed_by != carried.text:
            raise NotProven("the key in the bundle is not the one that signed")
    except NotProven as error:
        raise NotProven(f"line 1: {error}") from error
    leaves: list[bytes] = []
    first: dict[str, Any] = {}
    event: dict[str, Any] = {}
    for number, line in numbered:
        event = _object(line, f"line {number}", EVENT_KEYS)
        leaves.append(_proven_leaf(event, checkpoint, f"line {number}"))
        first = first or event
    if len(leaves) < 2 or (first["kind"], event["kind"]) not in ENDS:
        raise NotProven("the bundle does not begin with its search and end with its making")
    search, made = _facts(first), _facts(event)
    wanted = {"search": first["id"], "count": len(leaves) - 2, "digest": hashlib.sha256(b"".join(leaves[1:-1])).hexdigest()}
    if made["details"] != wanted:
        raise NotProven("events were left out, added or moved: count and digest are not those recorded when it was made")
    return Report(checkpoint, len(leaves) - 2, search, first["at"], made, bool(keys))


def _object(line: bytes, where: str, *keys: set[str]) -> dict[str, Any]:
    """The object of a line, with one of these sets of keys, whose every byte is as the one way of writing it gives it."""
    try:
        found = json.loads(line)
        text = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
        same = text.encode() == line
    except (ValueError, RecursionError):
        same = False
    if not same or not isinstance(found, dict) or found.keys() not in keys:
        raise NotProven(f"{where}: not written as a line of a bundle is")
    numbers, lists = {"at", "index"}, {"proof"}
    for key, value in found.items():
        wanted = int if key in numbers else list if key in lists else str
        if type(value) is not wanted:
            raise NotProven(f"{where}: {key} is not what it must be")
    return found


def _leaf(event: dict[str, Any], where: str) -> bytes:
    """The leaf of an event whose parts have their one shape: otherwise it were open where one ends and the next begins."""
    nonce = unbase64(event["nonce"])
    if len(nonce) != HASH_BYTES or not ID.fullmatch(event["id"]) or not NUMBER.fullmatch(event["xact"]):
        raise NotProven(f"{where}: not written as an event is")
    return leaf_hash(event["id"], event["at"], event["xact"], event["kind"], nonce, event["payload"])


def _facts(event: dict[str, Any]) -> dict[str, Any]:
    """The payload of an event, whose `details` are there."""
    try:
        said = json.loads(event["payload"])
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("details"), dict):
        raise NotProven(f"event {event['id']}: its payload is not an object of facts")
    return said


def _proven_leaf(event: dict[str, Any], checkpoint: Checkpoint, where: str) -> bytes:
    try:
        leaf = _leaf(event, where)
        proof = [unbase64(hash) for hash in event["proof"]]
        root = root_from_inclusion(leaf, event["index"], checkpoint.size, proof)
    except (NotProven, TypeError, AttributeError) as error:
        raise NotProven(f"{where}: {error}") from error
    if root != checkpoint.root:
        raise NotProven(f"{where}: event {event['id']} is not in the log as it stands here")
    return leaf


# --- Months that were dropped at the end of their retention ------------------------------------------------------------------
@dataclass
class _Gap:
    """The leaves of a month whose events are gone, in the order of the tree; `digest` is over all of them."""

    first: tuple[int, str]
    count: int
    last: int
    digest: Any


class Gaps:
    """Leaves without their events, held against what the log itself says of months that were dropped.

    They are accepted only if they are, leaf by leaf, those of a month that an event announced, with the tree as it then was, and
    that two persons of two sides approved after a checkpoint had sealed the announcement. Tell it of every leaf in order.
    """

    def __init__(self) -> None:
        self._gaps: dict[str, _Gap] = {}
        self._said: dict[str, list[tuple[int, str, dict[str, Any]]]] = {kind: [] for kind in SPEAKING}

    def hear(self, index: int, id: str, kind: str, payload: str) -> None:
        """An event that is there; only those that speak of months are kept."""
        if kind in SPEAKING:
            try:
                said = json.loads(payload)
            except (ValueError, RecursionError):
                return
            if isinstance(said, dict) and isinstance(said.get("details"), dict):
                self._said[kind].append((index, id, said))

    def miss(self, index: int, id: str, at: int, leaf: bytes) -> None:
        """A leaf whose event is gone; `at` in microseconds since 1970."""
        month = f"{_utc(at):%Y-%m}"
        gap = self._gaps.setdefault(month, _Gap((index, id), 0, 0, hashlib.sha256()))
        gap.count, gap.last = gap.count + 1, index
        gap.digest.update(hashlib.sha256(f"{index} {id} {at}".encode() + leaf).digest())

    def check(self, roots: Mapping[int, bytes]) -> int:
        """How many events are lawfully gone.

        Args:
            roots: of every checkpoint, by its size.

        Raises:
            NotProven: others are gone, too.
        """
        for month, gap in sorted(self._gaps.items()):
            if not any(self._speaks_for(said, month, gap, roots) for said in self._said[ANNOUNCED]):
                index, id = gap.first
                raise NotProven(f"Event {id} (leaf {index}) is missing, and no announcement of its month that two persons "
                                f"approved accounts for it: of {month}, {gap.count} are missing.")
        return sum(gap.count for gap in self._gaps.values())

    def _speaks_for(self, said: tuple[int, str, dict[str, Any]], month: str, gap: _Gap, roots: Mapping[int, bytes]) -> bool:
        index, id, announcement = said
        details = announcement["details"]
        wanted = {"month": month, "events": gap.count, "digest": gap.digest.hexdigest()}
        size, months = details.get("size"), details.get("months")
        if type(size) is not int or not isinstance(months, list) or wanted not in months or gap.last >= size:
            return False
        root, sealed = roots.get(size), min((size for size in roots if size > index), default=None)
        if root is None or root.hex() != details.get("root") or sealed is None or announcement.get("role") != OPERATOR:
            return False
        if any(_withdraws(other["details"], id, month) for _, _, other in self._said[WITHDRAWN]):
            return False
        approvals = [other for at, _, other in self._said[APPROVED]
                     if at >= sealed and other["details"].get("announcement") == id]
        agency, operator = ([other.get("actor_id") for other in approvals if other.get("role") == side] for side in SIDES)
        return any(one != other for one in agency for other in operator if isinstance(one, int) and isinstance(other, int))


def _withdraws(details: dict[str, Any], announcement: str, month: str) -> bool:
    """Whether a withdrawal is of this month: it names those that had not gone, and one that names none is of all."""
    left = details.get("months")
    return details.get("announcement") == announcement and (not isinstance(left, list) or month in left)


# --- Exports ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ExportReport:
    """What a contract's export proves. `manifest` is its text as a mapping, `digest` the SHA-256 of that text; of `events`,
    `dropped` were dropped at the end of their retention, and their leaves are there."""

    manifest: dict[str, Any]
    digest: str
    events: int
    dropped: int
    checkpoints: list[Checkpoint]
    key_was_given: bool


def check_export(folder: Path, keys: Sequence[str] = ()) -> ExportReport:
    """Check every file of an export, and its events against its checkpoints.

    Args:
        folder: where the export lies.
        keys: the verifier keys that are trusted; without any, the keys in the export are taken at their word.

    Raises:
        NotProven: a file is missing, changed or one too many, or the events are not those that were signed.
    """
    manifest, digest = _manifest(folder)
    _check_files(folder, manifest["files"])
    try:
        carried = [read_key(text) for text in (folder / "keys.txt").read_text(encoding="utf-8").split()]
        trusted = [read_key(text) for text in keys] or carried
        notes = [_object(line, f"checkpoints.jsonl, line {number}", {"note"})["note"]
                 for number, line in enumerate(_lines(folder / "checkpoints.jsonl"), 1)]
        checkpoints = [open_checkpoint(note, trusted) for note in notes]
    except (OSError, UnicodeDecodeError) as error:
        raise NotProven(f"keys or checkpoints cannot be read: {error}") from error
    sizes = [checkpoint.size for checkpoint in checkpoints]
    if not sizes or sizes != sorted(set(sizes)) or sizes[-1] != manifest["events"]:
        raise NotProven("the checkpoints do not end where the events do")
    waiting = {checkpoint.size: checkpoint.root for checkpoint in checkpoints}
    tree: list[tuple[int, bytes]] = []
    count, gaps = 0, Gaps()
    for leaf in _exported_leaves(folder, manifest, gaps):
        count += 1
        _grow(tree, leaf)
        if count in waiting and _root(tree) != waiting.pop(count):
            raise NotProven(f"the first {count} events are not those that were signed")
    if count != sizes[-1]:
        raise NotProven(f"events are missing or added: there are {count}, and {sizes[-1]} were signed")
    dropped = gaps.check({checkpoint.size: checkpoint.root for checkpoint in checkpoints})
    return ExportReport(manifest, digest, count, dropped, checkpoints, bool(keys))


def _manifest(folder: Path) -> tuple[dict[str, Any], str]:
    try:
        raw = (folder / MANIFEST).read_bytes()
        manifest = json.loads(raw, object_pairs_hook=_each_key_once)
    except (OSError, ValueError, RecursionError) as error:
        raise NotProven(f"{MANIFEST} cannot be read: {error}") from error
    wanted = {"agency": str, "begun": str, "begun_at": str, "destination": str, "ended_at": str, "events": int, "export": str,
              "files": list, "missing": list}
    if not isinstance(manifest, dict) or {key: type(value) for key, value in manifest.items()} != wanted \
            or manifest["export"] != EXPORT_FORMAT or not all(isinstance(path, str) for path in manifest["missing"]):
        raise NotProven(f"{MANIFEST} is not the manifest of an export of this format")
    for entry in manifest["files"]:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("path", "sha256")):
            raise NotProven(f"{MANIFEST} does not name its files as it must")
    return manifest, hashlib.sha256(raw).hexdigest()


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Or readers could take one for the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _check_files(folder: Path, files: list[dict[str, Any]]) -> None:
    named = {MANIFEST} | {entry["path"] for entry in files}
    if len(named) != len(files) + 1:
        raise NotProven(f"{MANIFEST} names a file twice")
    # A link to a folder would hold files that are not looked at.
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_symlink() or not file.is_dir()}
    for path in sorted(named - there):
        raise NotProven(f"{path} is missing")
    for path in sorted(there - named):
        raise NotProven(f"{path} is not in the manifest")
    for entry in files:
        if digest_of(folder / entry["path"]) != entry["sha256"]:
            raise NotProven(f"{entry['path']} is not the file that was exported: its checksum differs")


def digest_of(file: Path) -> str:
    """The SHA-256 of a file's content, read piece by piece."""
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        while piece := opened.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _lines(file: Path) -> Iterator[bytes]:
    with open(file, "rb") as opened:
        yield from opened


def _exported_leaves(folder: Path, manifest: dict[str, Any], gaps: Gaps) -> Iterator[bytes]:
    index = 0
    for path in (entry["path"] for entry in manifest["files"] if entry["path"].startswith("events/")):
        for number, line in enumerate(_lines(folder / path), 1):
            where = f"{path}, line {number}"
            event = _object(line, where, EVENT_KEYS - {"proof"}, DROPPED_KEYS)
            if event["index"] != index:
                raise NotProven(f"{where}: event {index} of the log should stand here")
            index += 1
            if "leaf" in event:
                leaf = unbase64(event["leaf"])
                if len(leaf) != HASH_BYTES or not ID.fullmatch(event["id"]):
                    raise NotProven(f"{where}: not written as what is left of an event is")
                gaps.miss(event["index"], event["id"], event["at"], leaf)
                yield leaf
                continue
            gaps.hear(event["index"], event["id"], event["kind"], event["payload"])
            yield _leaf(event, where)


def _grow(tree: list[tuple[int, bytes]], leaf: bytes) -> None:
    """Add a leaf to the loose subtrees of a tree, each as (size, hash), the largest first."""
    tree.append((1, leaf))
    while len(tree) > 1 and tree[-1][0] == tree[-2][0]:
        size, right = tree.pop()
        _, left = tree.pop()
        tree.append((2 * size, node_hash(left, right)))


def _root(tree: list[tuple[int, bytes]]) -> bytes:
    hash = tree[-1][1]
    for _, left in reversed(tree[:-1]):
        hash = node_hash(left, hash)
    return hash


# --- The command ------------------------------------------------------------------------------------------------------------
def in_words(report: Report) -> str:
    """What was proven, and what cannot be."""
    criteria = report.search["details"].get("criteria")
    asked = ", ".join(f"{key} {value}" for key, value in sorted(criteria.items())) if isinstance(criteria, dict) else ""
    signer = "the key you gave" if report.key_was_given else "the key that came with it"
    proven = [
        f"Proven: the log of {report.checkpoint.origin} held {report.checkpoint.size} events at "
        f"{_moment(report.checkpoint.at)}, signed by {signer}.",
        f"Proven: {_plain(report.search.get('actor', 'nobody named'))} searched it at {_moment(report.searched_at)} for: "
        f"{_plain(asked or 'everything')}.",
        f"Proven: each of the {report.count} events found is in that log, byte for byte as recorded, and none was left out, "
        "added or moved since the bundle was made.",
        "Not proven: that the service found all that matched (it says so), that who acted is who the service took them for, "
        "or that others are shown the same log. For the last, compare the checkpoint with one that was mailed to you.",
    ]
    if not report.key_was_given:
        proven.append("Not proven: whose key it is. Give the agency's own with --key.")
    return "\n".join(proven)


def export_in_words(report: ExportReport) -> str:
    last = report.checkpoints[-1]
    signer = "the key you gave" if report.key_was_given else "the keys that came with it"
    gone = (f"Proven: {report.dropped} of them were dropped at the end of their retention, as sealed events announced and two"
            " persons approved; their leaves are in the tree.\n" if report.dropped else "")
    lacking = "".join(f"Missing, as the service had lost it: {_plain(path)}\n" for path in report.manifest["missing"])
    return (f"Proven: each of the {len(report.manifest['files'])} files is as the manifest of SHA-256 {report.digest} has it.\n"
            f"Proven: its {report.events} events are the whole log of {last.origin} up to {_moment(last.at)}, none altered, left"
            f" out, added or moved, by {len(report.checkpoints)} checkpoints signed by {signer}.\n{gone}"
            f"{lacking}Not proven: that accounts, alert lists and forms are all there were (the service says so).")


def _plain(typed: Any) -> str:
    """What somebody typed, in one line and without the marks by which a terminal is led: it may not pass for words of ours."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(typed))


def _moment(at: int) -> str:
    return f"{_utc(at):%Y-%m-%d %H:%M:%S} UTC"


def _utc(at: int) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=at)  # noqa: UP017
    except OverflowError:
        raise NotProven("a time that no calendar knows") from None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a bundle of audit events, or the export of a contract.")
    parser.add_argument("bundle", help="the file of a bundle, the folder of an export, or a certificate")
    parser.add_argument("--key", action="append", default=[], help="a verifier key that you trust (name+hash+key)")
    options = parser.parse_args(arguments)
    try:
        if Path(options.bundle).is_dir():
            words = export_in_words(check_export(Path(options.bundle), options.key))
        elif options.key and options.bundle.endswith(".txt"):
            text, key = open_note(Path(options.bundle).read_text(encoding="utf-8"), [read_key(key) for key in options.key])
            words = f"{text}\nProven: signed by {key.text}, word for word."
        else:
            with open(options.bundle, "rb") as lines:
                words = in_words(check_bundle(lines, options.key))
    except (NotProven, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"NOT PROVEN: {_plain(error)}\n")
        return 1
    sys.stdout.write(words + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
