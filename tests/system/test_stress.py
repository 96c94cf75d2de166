# tests/system/test_stress.py -- half a minute of everything at once.
# SPDX-License-Identifier: MIT
"""./strat9 soak stress runs the same for longer."""
import pytest
import stress
import strat9vm


@pytest.mark.slow
@pytest.mark.parametrize('flavor', ('debug', 'kasan', 'ubsan'))
def test_stress(flavor, flavor_of):
    good, text = stress.run(flavor_of(flavor), seconds=30)
    assert good, text


@pytest.mark.slow
@pytest.mark.parametrize('flavor', ('debug', 'kasan', 'ubsan'))
def test_flavor_boots(flavor, flavor_of):
    r = strat9vm.run('echo fine', flavor=flavor_of(flavor), smp=2)
    assert r.status == 0 and r.text == 'fine\n', r
