"""Shell completion: prints the script that a shell reads."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script for bash, zsh or fish.

    In ~/.bashrc: eval "$(mesolens completion bash)"
    """
    from click.shell_completion import get_completion_class

    from mesolens.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "mesolens", "_MESOLENS_COMPLETE").source())
