# tools/testing -- the parts of ./strat9 test.
# SPDX-License-Identifier: MIT
