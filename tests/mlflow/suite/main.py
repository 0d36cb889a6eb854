"""Runs the suite and writes what came of each test as lines of JSON: `main.py RESULTS [PATTERN]`."""

import json
import os
import sys
import time
import unittest
import warnings

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
warnings.filterwarnings("ignore")

import logging

logging.getLogger("mlflow").setLevel(logging.ERROR)


class Result(unittest.TextTestResult):
    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def told(self, test, outcome, detail=""):
        line = {"test": test.id(), "outcome": outcome, "detail": detail[-4000:], "seconds": round(time.monotonic() - getattr(self, "began", time.monotonic()), 2)}
        with open(sys.argv[1], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.told(test, "passed")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.told(test, "failed", self._exc_info_to_string(error, test))

    def addError(self, test, error):
        super().addError(test, error)
        self.told(test, "failed", self._exc_info_to_string(error, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.told(test, "skipped", reason)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, here)
    loader = unittest.TestLoader()
    if len(sys.argv) > 2:
        loader.testNamePatterns = [f"*{sys.argv[2]}*"]
    suite = loader.discover(here, pattern="test_*.py", top_level_dir=here)
    done = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(suite)
    sys.exit(0 if done.wasSuccessful() else 1)
