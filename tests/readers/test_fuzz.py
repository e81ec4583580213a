"""Damaged files: whatever the bytes, the outcome is sound rows and rejects or a `DeliveryError`, nothing else."""

from __future__ import annotations

import json
import random

import duckdb
import pytest

from resources.errors import DeliveryError
from resources.readers.registry import READERS, read
from tests.readers.conftest import Deliver, assert_sound
from tests.readers.test_binary_tables import parquet, xlsx
from tests.readers.test_json_formats import TOTAL_COST, filing
from tests.readers.test_sdmx import GENERIC, SECOND, SPECIFIC

DATA_EXPLORER = "TIME,GEO,UNIT,NA_ITEM,Value,Flag and Footnotes\n" + "".join(
    f'20{i:02},Hungary,"Current prices, million euro","Value added, gross","{i},144.90",p\n' for i in range(10, 20)
)
PROJECTS = [{"id": str(i), "participants": [{"name": "A", "country": "HU"}] * i} for i in range(1, 5)]
ENTITIES = [{"LEI": {"$": f"LEI{i}"}, "Entity": {"LegalName": {"$": f"Név {i}"}}} for i in range(5)]
SAMPLES: dict[str, list[bytes]] = {
    "csv": [
        ("id;név;text\n" + "".join(f'{i};"Győr {i}";"a ""b""; c\nd"\n' for i in range(12))).encode(),
        ("a,b\r\n" + "".join(f"{i},x y\r\n" for i in range(12))).encode(),
    ],
    "parquet": [parquet(id=list(range(20)), name=[f"Ő {i}" for i in range(20)])],
    "xlsx": [xlsx(["id", "name"], *[[i, f"Ő {i}"] for i in range(12)])],
    "eurostat_tsv": [
        ("unit,geo\\time\t2020 \t2021 \n" + "".join(f"EUR,HU{i}\t{i}.5 b\t: \n" for i in range(10))).encode()
    ],
    "sdmx_csv": [SECOND.encode()],
    "sdmx_ml": [SPECIFIC.encode(), GENERIC.encode()],
    "data_explorer_csv": [DATA_EXPLORER.encode()],
    "ebeszamolo_json": [json.dumps(filing(TOTAL_COST), ensure_ascii=False).encode()],
    "cordis_json": [json.dumps(PROJECTS).encode()],
    "structural_funds_json": [json.dumps([{"Név": f"Ő {i}", "Összeg": i} for i in range(8)]).encode()],
    "gleif_json": [json.dumps({"records": ENTITIES}, ensure_ascii=False).encode()],
}
NASTY = (
    b'"',
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"<",
    b"{",
    b"]",
    b"\\u",
    b"e9",
    b'"\n"',
)


def mutated(sample: bytes, random_: random.Random) -> bytes:
    """One to four random changes: a byte, an insertion, a deletion, a repetition, a truncation."""
    content = bytearray(sample)
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(content) + 1)
        match random_.randrange(6):
            case 0 if at < len(content):
                content[at] = random_.randrange(256)
            case 1:
                content[at:at] = random_.choice(NASTY)
            case 2:
                del content[at : at + random_.randint(1, 12)]
            case 3:
                content[at:at] = content[at : at + random_.randint(1, 40)]
            case 4 if random_.random() < 0.4:
                del content[at:]
            case _ if at < len(content):
                content[at] ^= 1 << random_.randrange(8)
    return bytes(content)


@pytest.mark.parametrize("format", sorted(READERS))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files(format: str, deliver: Deliver, connection: duckdb.DuckDBPyConnection) -> None:
    random_ = random.Random(f"seed of {format}")
    read_well, refusals = 0, list[str]()
    rounds = 60 if format == "sdmx_ml" else 200
    for sample in SAMPLES[format]:
        assert_sound(read(format, deliver(sample), connection, {}))
        for _ in range(rounds // len(SAMPLES[format])):
            content = mutated(sample, random_)
            try:
                raw = read(format, deliver(content, "damaged.bin"), connection, {})
            except DeliveryError as error:
                refusals.append(str(error))
            else:
                assert_sound(raw)
                read_well += 1
    assert refusals
    assert all(line.startswith("damaged.bin") and "\n" not in line for line in refusals)
    assert read_well > 0
