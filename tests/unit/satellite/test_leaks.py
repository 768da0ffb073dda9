"""A call finds the process as the one before it found it, whatever that one has done: all of it, not a list of things.

Satellites are forked from one process, so that what is the same in two of them is at the same address in both.
(unicodedata is left out: a class in it is only finished where it is used first.)
"""

from __future__ import annotations

import json
from typing import Any

from pymlsql.embedded.satellite.calls import SatelliteDied, ScriptFailed, ScriptParameter
from tests.unit.satellite.conftest import Caller

WITNESS = """
def look(few=()):
    import sys
    names = few or set(sys.modules)
    import atexit, decimal, gc, hashlib, json, locale, logging, os, pickle, resource, signal, socket, threading
    import types, warnings
    import numpy, pandas
    def mark(value):
        if isinstance(value, (str, bytes, int, float, bool, type(None))):
            return repr(value)[:50]
        return id(value) if callable(value) or isinstance(value, types.ModuleType) else type(value).__name__
    def parts(module):
        found = {}
        for key, value in sorted(vars(module).items()):
            found[key] = mark(value)
            if isinstance(value, type):
                found.update((key + '.' + part, mark(of)) for part, of in sorted(vars(value).items())
                             if isinstance(part, str))
        return found
    state = {name: parts(module) for name, module in sorted(sys.modules.items())
             if name in names and name not in ('__main__', 'unicodedata') and isinstance(module, types.ModuleType)}
    seen = {
        'modules': sorted(state),
        'environment': {name: value for name, value in os.environ.items() if name not in ('HOME', 'TMPDIR', 'PWD')},
        'folder': [os.listdir('.'), os.getcwd() == os.environ['HOME'] == os.environ['TMPDIR']],
        'handlers': {number: repr(signal.getsignal(number)) for number in range(1, 32)},
        'mask': sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        'timers': [signal.getitimer(which) for which in (0, 1, 2)],
        'atexit': atexit._ncallbacks(),
        'threads': [threading.active_count(), len(os.listdir('/proc/self/task'))],
        'descriptors': len(os.listdir('/proc/self/fd')),
        'path': [sys.path, repr(sys.meta_path), len(sys.path_hooks)],
        'limits': [resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith('RLIMIT_')],
        'switches': [sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold()],
        'process': [os.getpgid(0) == os.getpid(), os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0))],
        'umask': [os.umask(0o77), os.umask(0o77)],
        'warnings': [repr(one) for one in warnings.filters],
        'numpy': [numpy.geterr(), numpy.get_printoptions()['precision'], repr(numpy.geterrcall())],
        'pandas': [pandas.get_option('display.max_rows'), pandas.get_option('mode.chained_assignment')],
        'logging': [logging.root.level, len(logging.root.handlers), logging.root.manager.disable],
        'locale': [locale.setlocale(locale.LC_ALL), decimal.getcontext().prec, socket.getdefaulttimeout()],
        'children': open('/proc/self/task/%d/children' % os.getpid()).read(),
        'hooks': [repr(sys.excepthook), repr(sys.gettrace()), repr(sys.getprofile())],
        '251': str(251),
        'written': [sys.stdout.line_buffering, sys.stdout.encoding, sys.stderr.encoding],
    }
    digests = {name: hashlib.sha1(repr(parts).encode()).hexdigest() for name, parts in state.items()}
    return json.dumps([seen, digests], default=repr)
"""

DEEDS = {
    "nothing": "",
    "built-in functions": "import builtins\nbuiltins.hex = builtins.print = None\nbuiltins.mine = 1",
    "numpy": "import numpy\nnumpy.array = numpy.random.rand = None\nnumpy.seterr(all='raise')\n"
    "numpy.set_printoptions(precision=1)",
    "pandas": "import pandas\npandas.DataFrame.__init__ = None\npandas.read_csv = 1\n"
    "pandas.set_option('display.max_rows', 1)",
    "scikit-learn": "import sklearn.base, sklearn.linear_model as l\nsklearn.base.BaseEstimator.get_params = None\n"
    "l.LinearRegression.predict = lambda self, x: 0",
    "pickle": "import pickle, copyreg\npickle.loads = eval\npickle.Unpickler = None\n"
    "copyreg.pickle(int, lambda x: (int, (7,)))",
    "modules": "import sys, types\nsys.modules['math'] = sys.modules['mine'] = types.ModuleType('mine')\n"
    "del sys.modules['json']\nsys.path.insert(0, '/mine')\nsys.meta_path.clear()\nsys.path_hooks.clear()",
    "a module of its own": "open('mine.py', 'w').write('x = 1')\nimport sys\nsys.path.insert(0, '.')\nimport mine",
    "environment": "import os\nos.environ['MINE'] = '1'\nos.environ['PATH'] = ''\nos.environ.pop('LANG', None)",
    "folder and files": "import os\nopen('mine', 'w').write('1')\nos.chdir('/')\nos.umask(0)",
    "threads": "import threading, time\nfor _ in range(3): threading.Thread(target=time.sleep, args=(9,)).start()",
    "processes": "import subprocess\nsubprocess.Popen(['sleep', '9'])",
    "exit functions": "import atexit\natexit.register(print, 'mine')",
    "signals": "import signal\nfor n in (1, 2, 10, 12, 15): signal.signal(n, signal.SIG_IGN)\n"
    "signal.pthread_sigmask(signal.SIG_BLOCK, [14])\nsignal.setitimer(signal.ITIMER_VIRTUAL, 99)",
    "limits": "import resource, os\nresource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))\nos.nice(5)\n"
    "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
    "switches": "import sys, gc, warnings\nsys.setrecursionlimit(99)\nsys.setswitchinterval(1)\ngc.disable()\n"
    "gc.set_threshold(1)\nwarnings.simplefilter('error')",
    "hooks": "import sys, threading\nsys.excepthook = sys.displayhook = None\nsys.settrace(lambda *a: None)\n"
    "sys.setprofile(lambda *a: None)\nthreading.settrace(print)",
    "standard files": "import sys\nsys.stdout = sys.stderr = sys.__stdout__ = None",
    "logging": "import logging\nlogging.basicConfig(filename='mine', level=1)\nlogging.disable(50)",
    "locale": "import locale, decimal, socket\nlocale.setlocale(locale.LC_ALL, 'C')\ndecimal.getcontext().prec = 3\n"
    "socket.setdefaulttimeout(1)",
    "random state": "import numpy, random\nnumpy.random.seed(1)\nrandom.seed(1)",
    "memory of the interpreter": "import ctypes\nctypes.memset(id(251) + 24, 9, 1)",
    "descriptors": "import os\nfor _ in range(9): os.dup(1)",
    "an error": "import json\njson.loads = None\n1 / 0",
    "the end of the process": "import os, json\njson.loads = None\nos._exit(3)",
}


def _look(run: Caller) -> Any:
    answer = ScriptParameter("answer", "str", None, output=True)
    return json.loads(run(WITNESS + "answer = look()", None, answer).parameters["answer"])


def test_nothing_of_a_call_is_left_for_the_next(run: Caller) -> None:
    before, modules = _look(run)
    for deed, script in DEEDS.items():
        try:
            run(script)
        except (ScriptFailed, SatelliteDied) as error:
            assert deed in ("an error", "the end of the process"), error
    for _ in range(run.pool.n_spares + 2):
        seen, modules_after = _look(run)
        assert seen == before
        assert {name for name in modules_after if modules_after[name] != modules.get(name)} == set()


def test_a_witness_sees_what_is_done(run: Caller) -> None:
    """The witness is no good unless it sees each deed in the call that does it."""
    few = "('builtins', 'numpy', 'pandas', 'pandas.core.frame', 'sklearn.base', 'pickle', 'json', 'math', 'logging')"
    blind = []
    for deed, script in DEEDS.items():
        same = ScriptParameter("same", "bool", None, output=True)
        look = f"look({few})"
        text = f"{WITNESS}\nbefore = {look}\n{script}\nsame = before == {look}"
        try:
            if run(text, None, same).parameters["same"]:
                blind.append(deed)
        except (ScriptFailed, SatelliteDied):
            continue  # it has broken the witness too
    assert blind == ["nothing", "random state"]
