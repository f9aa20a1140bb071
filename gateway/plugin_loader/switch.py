"""How every sentence about a broken plugin ends: with the switch that lets the gateway start without it."""

from __future__ import annotations

SWITCH_ZH = (
    "；修好之前如需先启动，可停用它：设置环境变量 GATEWAY_DISABLED_PLUGINS={plugin}，"
    '或在 gateway.toml 中写 disabled_plugins = ["{plugin}"]'
)
SWITCH_EN = (
    "; to start without it meanwhile, set GATEWAY_DISABLED_PLUGINS={plugin} in the environment or "
    'disabled_plugins = ["{plugin}"] in gateway.toml'
)
