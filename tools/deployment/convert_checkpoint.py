from usdrl_mmaction.commands import run

run('convert-checkpoint')
