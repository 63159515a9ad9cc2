"""The two networks of MuseGen: loops, copying and form at equal length and temperature.

The bidirectional LSTM is the shipped one. The GRU beside it has sequences of the same length, and
comes from `experiments.gru_lengths`.

Run it as `python -m experiments.bilstm_beside_gru`; it takes about five minutes of one core.
"""

from __future__ import annotations

from experiments.gru_lengths import copy_index, trained
from experiments.note_measures import measured, table, written
from generator.registry import installed
from generator.training.splits import load_split

BILSTM, GRU = "bilstm_ngram", "gru_pairs"
LENGTH = 20
TEMPERATURES = (1.0, 0.8, 0.5, 0.2)
OPENINGS = (1, 8, 32)


def main() -> None:
    registry, index = installed(), copy_index()
    shipped = registry.find_shipped(BILSTM)
    assert shipped is not None
    bilstm = registry.family(BILSTM).load(shipped[0].path)
    gru = registry.family(GRU).load(trained(LENGTH)[0])
    rows = [
        (f"BiLSTM, argmax after {opening} notes", written(bilstm, {"opening": opening}))
        for opening in OPENINGS
    ]
    for temperature in TEMPERATURES:
        drawn = {"temperature": temperature}
        rows.append((f"BiLSTM, {temperature}", written(bilstm, {"argmax": 0, **drawn})))
        rows.append((f"GRU, {temperature}", written(gru, drawn)))
    rows.append(("Bach, held-out works", list(load_split("tunes")["valid"].chorales)))
    print(table("decoding", [(name, measured(chorales, index)) for name, chorales in rows]))


if __name__ == "__main__":
    main()
