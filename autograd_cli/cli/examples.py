"""Lines that each command's help ends with; a test parses every one of them."""

EXAMPLES = {
    "train": (
        "evo train --task sin --impl optim",
        "evo train --task mlp --impl numpy lr=5e-7 steps=1e3 --name 'lr{lr}-s{seed}'",
        "evo train --task mlp --impl nn --show-config",
    ),
    "sweep": (
        "evo sweep --task sin --impl batched lr=log125:1e-7:1e-5 seed=0..15",
        "evo sweep --task mlp --impl nn,optim lr=1e-7,1e-6 repeats=3 --dry-run",
    ),
    "warm": ("evo warm", "evo warm --status", "evo warm --stop"),
    "runs": ("evo runs --last 20", "evo runs status=failed --since yesterday", "evo runs --follow"),
    "compare": (
        "evo compare",
        "evo compare --where 'lr>5e-7' seed=0..3 --since yesterday --limit 20",
        "evo compare --group-by lr --over seed",
        "evo compare @1..5 --baseline @5 --columns lr,seed,last_loss",
    ),
    "plot": ("evo plot @1..5", "evo plot task=sin --over seed", "evo plot --x lr --y seed --output map.png"),
    "note": ("evo note @1 'first that converged'", "evo note @1", "evo note @1 --remove"),
    "rm": ("evo rm --where status=interrupted", "evo rm @1", "evo rm"),
    "export": (
        "evo export --to tensorboard --output board",
        "evo export task=sin --to parquet --output tables",
    ),
    "report": ("evo report --output evolution.html",),
    "show": ("evo show mlp autograd",),
    "diff": ("evo diff mlp tensor autograd",),
    "list": ("evo list",),
    "verify": ("evo verify --quick", "evo verify --task mlp --impl FILE.py:Class"),
    "bench": (
        "evo bench --quick",
        "evo bench --task mlp --impl numpy,tensor,optim threads=1,2 dtype=float32,float64",
        "evo bench --task mlp N=16,64,256,1024 --plot growth.svg",
        "evo bench --output mine.json",
        "evo bench --against mine.json --fail-above 10%",
    ),
    "graph": ("evo graph --task mlp --impl autograd",),
    "predict": ("evo predict runs/line 4 11",),
}
