"""LightGBM's trees, scored by its own C library without importing the lightgbm package.

Importing the package costs 4.4 s of CPU and 216 MB; its library alone 0.4 s and 54 MB. The
numbers are the same to the last bit.
"""

import ctypes
import importlib.util
import weakref
from functools import cache
from pathlib import Path

import numpy as np

from leads.arrays import Floats
from leads.errors import DamagedArtifactError, SettingsError
from models.booster_text import REMEDY, tree_blocks

# Constants of LightGBM's c_api.h.
_FLOAT64 = 1
_RAW_SCORE = 1
_CONTRIBUTIONS = 3
_ROW_MAJOR = 1
_ALL_ITERATIONS = -1


class Booster:
    """A trained LightGBM model with one output, read from its text.

    `threads` is 1 by default: two threads on busy cores turn 30 µs a row into 8 ms. The handle of
    the library is freed with the object. Raises `DamagedArtifactError` for a text that LightGBM
    refuses; a badly damaged one can abort the process, so check its hash first.
    """

    def __init__(self, text: str, *, threads: int = 1) -> None:
        # LightGBM reads on blindly where the header does not say where the trees are.
        tree_blocks(text)
        self._parameters = f"num_threads={threads}".encode()
        self._handle = _load(text)
        # Not at exit: other threads may still be scoring when the process ends.
        weakref.finalize(self, _library().LGBM_BoosterFree, self._handle).atexit = False
        self.n_features = _number(self._handle, "LGBM_BoosterGetNumFeature")
        self.n_trees = _number(self._handle, "LGBM_BoosterNumberOfTotalModel")
        outputs = _number(self._handle, "LGBM_BoosterGetNumClasses")
        if outputs != 1:
            raise DamagedArtifactError(f"the model has {outputs} outputs instead of 1; {REMEDY}")

    def margins(self, rows: Floats) -> Floats:
        """The raw score of each row (log-odds for a binary model); NaN is a missing value."""
        return self._predict(rows, _RAW_SCORE, 1)[:, 0]

    def contributions(self, rows: Floats) -> Floats:
        """What each feature adds to each row's margin (TreeSHAP); the last column is the base."""
        return self._predict(rows, _CONTRIBUTIONS, self.n_features + 1)

    def _predict(self, rows: Floats, kind: int, width: int) -> Floats:
        rows = np.ascontiguousarray(rows, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise DamagedArtifactError(
                f"the model takes rows of {self.n_features} signals, not of shape {rows.shape}; "
                f"its list of signals does not match its trees: {REMEDY}"
            )
        result = np.empty((len(rows), width))
        self._predict_into(result, rows, kind)
        return result

    def _predict_into(self, result: Floats, rows: Floats, kind: int) -> None:
        written = ctypes.c_int64()
        _call(
            "LGBM_BoosterPredictForMat",
            self._handle,
            rows.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(_FLOAT64),
            ctypes.c_int32(rows.shape[0]),
            ctypes.c_int32(rows.shape[1]),
            ctypes.c_int(_ROW_MAJOR),
            ctypes.c_int(kind),
            ctypes.c_int(0),
            ctypes.c_int(_ALL_ITERATIONS),
            ctypes.c_char_p(self._parameters),
            ctypes.byref(written),
            result.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        )


def _load(text: str) -> ctypes.c_void_p:
    handle = ctypes.c_void_p()
    iterations = ctypes.c_int()
    _call(
        "LGBM_BoosterLoadModelFromString",
        ctypes.c_char_p(text.encode()),
        ctypes.byref(iterations),
        ctypes.byref(handle),
    )
    return handle


def _number(handle: ctypes.c_void_p, question: str) -> int:
    answer = ctypes.c_int()
    _call(question, handle, ctypes.byref(answer))
    return answer.value


def _call(name: str, *arguments: object) -> None:
    library = _library()
    if getattr(library, name)(*arguments) != 0:
        message = library.LGBM_GetLastError().decode(errors="replace")
        raise DamagedArtifactError(f"LightGBM: {message}; {REMEDY}")


@cache
def _library() -> ctypes.CDLL:
    """LightGBM's C library, found beside the package; `SettingsError` if it cannot be loaded."""
    spec = importlib.util.find_spec("lightgbm")
    if spec is None or spec.origin is None:
        raise SettingsError("lightgbm is not installed; run: pip install lightgbm")
    return load_library(Path(spec.origin).with_name("lib") / "lib_lightgbm.so")


def load_library(path: Path) -> ctypes.CDLL:
    """Open LightGBM's library; `SettingsError` names the line that installs what is missing."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        remedy = (
            "apt-get install libgomp1"
            if "libgomp" in str(error)
            else "pip install --force-reinstall lightgbm"
        )
        raise SettingsError(f"LightGBM cannot be loaded ({error}); run: {remedy}") from error
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library
