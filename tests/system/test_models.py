# tests/system/test_models.py -- the protocols' models, checked by spin.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess

import pytest
import strat9vm

MODELS = os.path.join(strat9vm.TOP, 'tests', 'models')


def check(tmp_path, model, *defines):
    """Spin's verdict: the number of errors, and the whole text."""
    def run(*args):
        r = subprocess.run(args, cwd=tmp_path, text=True, timeout=600,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert r.returncode == 0, r.stdout
        return r.stdout
    run('spin', *defines, '-a', os.path.join(MODELS, model))
    run('gcc', '-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c')
    text = run('./pan', '-m100000')
    assert 'Search not completed' in text or 'errors: ' in text, text
    assert 'max search depth too small' not in text, text
    return int(re.search(r'errors: (\d+)', text)[1]), text


def test_calls_are_answered_once_or_refused(tmp_path):
    errors, text = check(tmp_path, 'port.pml')
    assert errors == 0, text


@pytest.mark.parametrize('without', ('FORGET_LOOK', 'FORGET_EXCHANGE'))
def test_the_model_sees_a_fault(tmp_path, without):
    errors, text = check(tmp_path, 'port.pml', '-D' + without)
    assert errors == 1, text
