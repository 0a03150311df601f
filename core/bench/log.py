"""Trials a second of Optuna on SQLite, with several processes: `log.py DATABASE PROCESSES` prints the number.

`cargo xtask bench log` compares it with our log. The trials are the same: ten reports each, and no training."""

import multiprocessing
import sys
import time

import optuna

TRIALS = 6  # of each process
REPORTS = 10


def storage(path: str) -> optuna.storages.RDBStorage:
    # Without the longer timeout some of eight processes give up: "database is locked".
    return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 600}})


def objective(trial: optuna.Trial) -> float:
    trial.suggest_float("lr", 1e-5, 0.1, log=True)
    trial.suggest_int("width", 8, 512, log=True)
    trial.suggest_categorical("model", ["cnn", "lstm", "mlp"])
    value = 0.0
    for step in range(1, REPORTS + 1):
        value = 1.0 / (trial.number + step)
        trial.report(value, step)
    return value


def worker(path: str, number: int, start: multiprocessing.Barrier) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.RandomSampler(seed=number)
    study = optuna.load_study(study_name="bench", storage=storage(path), sampler=sampler)
    start.wait()
    study.optimize(objective, n_trials=TRIALS)


def main() -> None:
    path, processes = sys.argv[1], int(sys.argv[2])
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    optuna.create_study(study_name="bench", storage=storage(path))
    start = multiprocessing.Barrier(processes + 1)
    workers = [multiprocessing.Process(target=worker, args=(path, number, start)) for number in range(processes)]
    for process in workers:
        process.start()
    start.wait()
    begin = time.perf_counter()
    for process in workers:
        process.join()
    seconds = time.perf_counter() - begin
    if any(process.exitcode for process in workers):
        sys.exit("a process failed")
    print(processes * TRIALS / seconds)


if __name__ == "__main__":
    main()
