"""What every simulated platform does, whatever it speaks: remember, judge each version once, fail to order.

A sandbox brings its `Speech` (envelope, codes and sentences of its wire), its signature scheme and its checks.
"""
