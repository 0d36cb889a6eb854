"""Tests of what turns a trained encoder into a model folder: `python -m unittest discover -s training/injection`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402
from calibrate import FEATURES, Judged, fit, fit_stack, judged_of, lost  # noqa: E402
from card import write_card  # noqa: E402
from corpus import Row  # noqa: E402
from exits import NOTHING, Read, bounds_of, choose, cost_of, lowest_but  # noqa: E402
from figures import figures_of, interval, languages  # noqa: E402
from handicaps import fit_handicaps  # noqa: E402
from measure import balance, balanced_threshold, effective  # noqa: E402
from work import StaleWork, Work  # noqa: E402


def row(label: int, source: str = "s", third: bool = False, **more: str) -> Row:
    kind = ("indirect_embedded" if label else "benign_document") if third else ("direct_injection" if label else "benign_chat")
    return Row("text", label, kind, more.get("lang", "en"), source, "dev", "f")


class WorkTest(unittest.TestCase):
    def test_results_of_other_inputs_are_refused_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            work = Work(Path(folder))
            inputs = {"corpus/a.jsonl": "1", "compose.py": "2"}
            self.assertFalse(work.finished("dev", inputs))
            # Interrupted: may go on, if nothing has changed.
            self.assertFalse(Work(Path(folder)).finished("dev", inputs))
            work.end("dev", inputs)
            self.assertTrue(work.finished("dev", inputs))
            for changed in ({**inputs, "compose.py": "3"}, {"compose.py": "2"}, {**inputs, "corpus/b.jsonl": "4"}):
                with self.assertRaisesRegex(StaleWork, r"compose\.py|a\.jsonl|b\.jsonl") as said:
                    work.finished("dev", changed)
                self.assertIn("--fresh", str(said.exception))
                self.assertIn("dev.*", str(said.exception))

    def test_results_of_unknown_origin_are_refused_and_fresh_throws_them_away_once(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "dev.npy").write_bytes(b"old")
            with self.assertRaises(StaleWork):
                Work(Path(folder)).finished("dev", {})
            fresh = Work(Path(folder), fresh=True)
            self.assertFalse(fresh.finished("dev", {}))
            self.assertFalse((Path(folder) / "dev.npy").exists())
            (Path(folder) / "dev.npy").write_bytes(b"new")
            fresh.end("dev", {})
            self.assertTrue(fresh.finished("dev", {}))
            self.assertTrue((Path(folder) / "dev.npy").exists())


class ExportTest(unittest.TestCase):
    def test_both_parts_give_what_the_whole_gives(self) -> None:
        import torch
        from export import Exported, export
        from network import EXITS, Encoder

        torch.manual_seed(2)
        model = Encoder(2_000, 64, 4, 4, 128).eval()
        ids, mask = torch.randint(104, 2_000, (3, 40)), torch.ones((3, 40), dtype=torch.int64)
        mask[1, 25:] = 0
        with torch.no_grad():
            origin, kind, early = model(ids, mask)
        with tempfile.TemporaryDirectory() as folder:
            for number, after in enumerate(EXITS):
                export(model, after, Path(folder))
                made = Exported(Path(folder))
                self.assertEqual({i.name for i in made.lower.get_inputs()}, {"input_ids", "attention_mask"})
                self.assertEqual({i.name for i in made.upper.get_inputs()}, {"hidden", "attention_mask"})
                said = made.run(ids.numpy(), mask.numpy())
                for got, wanted in zip(said, (origin, kind, early[number])):
                    self.assertLess(np.abs(got - wanted.numpy()).max(), 0.08)
                alone = made.run(ids.numpy()[1:2, :25], mask.numpy()[1:2, :25])
                self.assertLess(np.abs(alone[0] - said[0][1:2]).max(), 0.08)
                self.assertFalse(list(Path(folder).glob("*.full.onnx")))

    def test_distances_and_flips(self) -> None:
        from export import compare

        exact = np.array([[0.0, 1.0], [2.0, 3.0]])
        said = compare(exact + 0.25, exact, np.array([0.1, 9.0]))
        self.assertEqual((said["flipped"], said["decisions"]), (1, 4))
        self.assertAlmostEqual(said["meanDistance"], 0.25)


class ExitTest(unittest.TestCase):
    def read(self, early: np.ndarray, count: int = 2_000) -> Read:
        rng = np.random.default_rng(1)
        labels = np.arange(count) % 2
        final = np.where(labels == 1, rng.normal(5, 1, count), rng.normal(-5, 1, count))
        third = np.arange(count) % 4 > 1
        rows = [row(int(label), f"s{i % 7}", bool(t)) for i, (label, t) in enumerate(zip(labels, third))]
        logits = np.stack([final, final, early + final, early + final], 1)
        return Read(logits, np.stack([final / 2, final / 2], 1), np.arange(count), rows)

    def test_exits_lose_no_more_than_they_may(self) -> None:
        for noise in (0.0, 3.0):
            early = np.random.default_rng(5).normal(0, noise, 2_000)
            bounds = bounds_of(self.read(early))["exits"]["2"]
            for origin in ("user", "third_party"):
                self.assertGreater(bounds[origin]["above"], 400)
                self.assertLessEqual(bounds[origin]["aboveThatLeave"], 0.005 * bounds[origin]["above"])
            if noise == 0:
                self.assertGreater(bounds["user"]["harmlessThatLeave"], 0.98)

    def test_an_exit_that_knows_nothing_lets_nothing_leave(self) -> None:
        read = self.read(np.zeros(2_000))
        read.logits[:, 2:] = np.random.default_rng(6).normal(0, 1, (2_000, 2))
        self.assertLess(bounds_of(read)["exits"]["2"]["leave"], 0.05)
        self.assertEqual(lowest_but(np.array([]), 0.01), NOTHING)

    def test_the_linear_stage_loses_at_most_its_share_of_attacks(self) -> None:
        said = bounds_of(self.read(np.zeros(2_000)))["linear"]["user"]
        self.assertLessEqual(said["foundThatItSettles"], 0.01 * said["found"])
        self.assertGreater(said["harmlessThatItSettles"], 0.95)

    def test_the_cheaper_exit_is_chosen(self) -> None:
        times = {"2": {"lower": 3.0, "upper": 6.0}, "3": {"lower": 4.5, "upper": 4.5}}
        exits = {"exits": {"2": {"leave": 0.2}, "3": {"leave": 0.9}}}
        self.assertEqual(choose(exits, times), "3")
        exits["exits"]["2"]["leave"] = 0.8
        self.assertEqual(choose(exits, times), "2")
        self.assertEqual(cost_of(1.0, times["2"]), 3.0)


def judged(count: int = 6_000, seed: int = 1) -> Judged:
    """Features of which the encoder's tells most, `decoded` points the wrong way and `windows` only lengthens."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(count) < 0.4).astype(np.int64)
    encoder = np.where(labels == 1, rng.normal(4, 2, count), rng.normal(-4, 2, count))
    features = np.stack([encoder, encoder / 2 + rng.normal(0, 1, count), rng.random(count) * 0.2, rng.random(count) * 3,
                         (rng.random(count) < 0.2 - 0.1 * labels).astype(float)], 1)
    sources = np.array([f"s{i % 23}" for i in range(count)])
    rows = [{"n": i, "lang": "en" if i % 3 else "de", "kind": "k", "carrier": "", "source": s} for i, s in enumerate(sources)]
    return Judged(features, (features[:, 1] < -4) & (labels == 0), np.zeros(count, dtype=bool), labels, sources, rows)


class CalibrateTest(unittest.TestCase):
    def test_weights_keep_their_signs(self) -> None:
        part = judged()
        stack = fit_stack(part.features, part.labels, balance(part.sources, part.labels, 0.1))
        named = dict(zip(FEATURES, stack[1:]))
        self.assertGreater(named["encoder"], 0.5)
        self.assertEqual(named["decoded"], 0.0)
        for name in ("linear", "rules"):
            self.assertGreaterEqual(named[name], 0.0)

    def test_points_keep_what_they_promise_out_of_fold(self) -> None:
        part = judged(20_000)
        fitted = fit(part)
        harmless = part.labels == 0
        for name, rate in (("strict", 0.02), ("balanced", 0.01), ("quiet", 0.001)):
            alarms = fitted.reached[name][harmless].mean()
            self.assertLess(abs(alarms - rate), 0.6 * rate + 1e-9, name)
        self.assertTrue(0 < fitted.points["strict"] < fitted.points["balanced"] < fitted.points["quiet"] < 1)
        self.assertFalse(fitted.reached["strict"][part.settled].any())
        self.assertTrue(fitted.rests["balanced"]["enough"])
        self.assertFalse(fit(judged(2_000)).rests["quiet"]["enough"])

    def test_probability_is_calibrated_to_the_prior(self) -> None:
        part = judged(20_000)
        figures = figures_of(part, fit(part), {"s1", "s2"})
        self.assertLess(figures["probability"]["expectedCalibrationError"], 0.02)
        self.assertEqual(figures["points"]["strict"]["trained"]["attacks"] + figures["points"]["strict"]["unseen"]["attacks"],
                         figures["attacks"])

    def test_length_counts_no_further_than_both_labels_were_seen(self) -> None:
        part = judged()
        part.features[0, 3] = 12.0
        self.assertLessEqual(fit(part).stack["windowsUpTo"], 3.0)

    def test_what_is_not_read_to_its_end_is_an_alarm_that_no_threshold_is_bent_for(self) -> None:
        part = judged(20_000)
        before = fit(part)
        unread = np.flatnonzero((part.labels == 0) & ~part.settled)[:400]
        part.suspect[unread] = True
        after = fit(part)
        for name in ("strict", "balanced", "quiet"):
            self.assertTrue(after.reached[name][unread].all())
            self.assertTrue(0 < after.points[name] < 1)
        self.assertGreater(after.points["balanced"], before.points["balanced"])

    def test_too_little_is_refused(self) -> None:
        part = judged()
        part.sources[:] = "one"
        with self.assertRaisesRegex(ValueError, "two sources"):
            fit(part)

    def test_what_shortcuts_lose_is_counted(self) -> None:
        part = judged()
        fitted = fit(part)
        attacks = [i for i in range(400) if part.labels[i] == 1]
        opened = {i: {"n": i, "origin": "user", "label": 1, "source": "s", **dict(zip(FEATURES, part.features[i]))} for i in attacks}
        self.assertEqual(lost(part, fitted, opened)["lost"], 0)
        part.settled[attacks[:50]] = True
        said = lost(part, fitted, opened)
        self.assertTrue(0 < said["lost"] <= 50 and said["gained"] == 0, said)

    def test_rows_come_apart_by_origin(self) -> None:
        line = {"origin": "user", "label": 1, "source": "s", "settled": None, "encoder": 1, "linear": 2, "rules": 0,
                "windows": 0, "decoded": 1}
        parts = judged_of([line, {**line, "origin": "third_party", "settled": "harmless", "label": 0}])
        self.assertEqual([len(parts[o].labels) for o in ("user", "third_party")], [1, 1])
        self.assertTrue(parts["third_party"].settled[0])
        self.assertFalse(parts["user"].suspect[0])
        self.assertTrue(judged_of([{**line, "unread": 2}])["user"].suspect[0])


class HandicapTest(unittest.TestCase):
    def rows(self, noisy: bool) -> list[dict]:
        """Attacks that show in their windows; harmless texts whose parts by themselves look worse, where `noisy`."""
        rng = np.random.default_rng(1)

        def said(label: int) -> dict:
            window = rng.normal(3 if label else -3, 1)
            piece = rng.normal(6, 1) if noisy and not label else window - 1
            sorts = {"window": window, "piece": piece, "respelled": window - 1}
            highest = {sort: {"linear": value, "encoder": value} for sort, value in sorts.items()}
            return {"label": label, "source": f"s{rng.integers(5)}", "settled": None, "highest": highest}

        return [said(label) for label in [0] * 400 + [1] * 200]

    def test_parts_that_cry_wolf_are_held_back(self) -> None:
        found = fit_handicaps(self.rows(noisy=True))
        self.assertGreaterEqual(found["piece"]["encoder"], 6)
        self.assertEqual(found["respelled"], {"linear": 0.0, "encoder": 0.0})

    def test_nothing_is_held_back_without_need(self) -> None:
        found = fit_handicaps(self.rows(noisy=False))
        self.assertEqual(found["piece"], {"linear": 0.0, "encoder": 0.0})


class FigureTest(unittest.TestCase):
    def test_languages_need_attacks_and_half_of_english(self) -> None:
        def counts(found: int, attacks: int) -> dict:
            return {"balanced": {"found": found, "attacks": attacks, "alarms": 0, "harmless": 9}}
        by = {"en": counts(80, 100), "de": counts(20, 50), "fr": counts(19, 50), "it": counts(39, 39)}
        found = languages({"user": {"groups": {"lang": by}}})
        self.assertEqual({name for name, entry in found.items() if entry["covered"]}, {"en", "de"})
        self.assertFalse(languages({"user": {"groups": {"lang": {"de": counts(50, 50)}}}})["de"]["covered"])

    def test_intervals_and_weights(self) -> None:
        self.assertEqual(interval(0, 0), "–")
        self.assertIn("3 of 10", interval(3, 10))
        sources = np.array(["a"] * 900 + ["b"] * 100)
        weights = balance(sources, np.zeros(1_000, dtype=int))
        self.assertAlmostEqual(weights[0] * 900 / (weights[-1] * 100), 3.0)
        self.assertLess(effective(weights), 1_000)
        scores = np.arange(1_000.0)
        self.assertLess(balanced_threshold(scores, weights, 0.01), balanced_threshold(scores, np.ones(1_000), 0.001))


class CardTest(unittest.TestCase):
    def test_the_card_is_written_from_what_was_measured(self) -> None:
        part = judged(3_000)
        fitted = fit(part)
        one = figures_of(part, fitted, {"s1"})
        exits = {"2": {"bounds": {"user": -1, "third_party": -1}, "leave": 0.5} | {
            o: {"above": 10, "aboveThatLeave": 0, "harmless": 9, "harmlessThatLeave": 0.5, "askedHarmless": 4,
                "askedHarmlessThatLeave": 0.25} for o in ("user", "third_party")}}
        far = {"windows": 5, "meanDistance": 0.1, "p99Distance": 0.2, "largestDistance": 0.3, "flips": 0.0, "flipped": 0, "decisions": 10}
        report = {"bounds": {"exits": exits}, "after": 2, "figures": {"user": one, "third_party": one},
                  "exported": {"2": {"milliseconds": {"lower": 1.0, "upper": 2.0}, "final": far, "early": far}},
                  "shortcuts": {o: {"attacks": 9, "found": 8, "lost": 1, "gained": 0} for o in ("user", "third_party")}}
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "model"
            base = Path(folder) / "package" / "model"
            out.mkdir()
            base.mkdir(parents=True)
            (base / "model.safetensors").write_bytes(b"weights")
            files = {"encoder": {"name": "encoder.onnx", "bytes": 3, "sha256": "ab" * 32}}
            (out / "model.json").write_text(json.dumps({"id": "m", "version": "1", "files": files}))
            options = argparse.Namespace(out=out, base=base, rows=None, latency=None)
            write_card(options, {"sha256": "cd"}, {"train": [row(1)], "dev": [row(0), row(1)]}, report, 7)
            text = (out / "README.md").read_text()
            self.assertIn("was not measured by this build", text)
            self.assertIn("| f | s | not stated in the row | 1 / 0 | 1 / 1 |", text)
            self.assertIn(interval(one["points"]["balanced"]["all"]["found"], one["points"]["balanced"]["all"]["attacks"]), text)
            self.assertNotIn(folder, text)
            options.rows = 5
            write_card(options, {"sha256": "cd"}, {"train": [row(1)], "dev": [row(0)]}, report, 7)
            self.assertIn("not for use", (out / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
