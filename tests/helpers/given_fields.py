"""A program that prints three fields of the config on its command line."""

from ml_collections import config_flags

from depthstudy import cli

if __name__ == "__main__":
    holder = config_flags.DEFINE_config_file("config")
    cli.run(
        lambda: print(
            holder.value.data.train_examples, holder.value.model.layout, holder.value.model.norm
        )
    )
