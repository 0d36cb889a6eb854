"""What every part of the suite shares: the server under test, and names that no other test uses."""

import itertools
import os
import tempfile
import unittest

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

SERIAL = itertools.count()


def unique(prefix):
    return f"{prefix} {os.getpid()}-{next(SERIAL)}"


def have(*modules):
    import importlib.util

    return all(importlib.util.find_spec(name) is not None for name in modules)


class Case(unittest.TestCase):
    """Starts each test in an experiment of its own."""

    def setUp(self):
        self.client = MlflowClient()
        self.experiment = mlflow.set_experiment(unique(type(self).__name__))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.addCleanup(self.end_runs)

    @staticmethod
    def end_runs():
        while mlflow.active_run():
            mlflow.end_run()

    def refuses(self, code, *args, **kwargs):
        """A context in which the server must refuse with one of MLflow's error codes."""
        test = self

        class Refused:
            def __enter__(self):
                return self

            def __exit__(self, kind, error, _trace):
                test.assertIsInstance(error, MlflowException, f"nothing was refused ({kind})")
                test.assertEqual(error.error_code, code, str(error))
                self.message = str(error)
                return True

        return Refused()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class as_key:
    """Calls with another API key for a while."""

    def __init__(self, token):
        self.token = token

    def __enter__(self):
        self.before = os.environ["MLFLOW_TRACKING_TOKEN"]
        os.environ["MLFLOW_TRACKING_TOKEN"] = self.token

    def __exit__(self, *_):
        os.environ["MLFLOW_TRACKING_TOKEN"] = self.before
