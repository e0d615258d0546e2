from usdrl_mmaction.commands import run

if __name__ == '__main__':
    run('explain')
