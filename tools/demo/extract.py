from usdrl_mmaction.commands import run

run('extract')
