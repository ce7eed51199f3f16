using DaprShop.Local.Cli;

namespace DaprShop.Local.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public void Nothing_asked_is_the_whole_shop_on_8080()
    {
        var line = CommandLineParser.Parse([]);
        Assert.Null(line.Port);
        Assert.Null(line.Only);
        Assert.Null(line.Control);
        Assert.False(line.Fresh);
    }

    [Fact]
    public void Reads_every_flag()
    {
        var line = CommandLineParser.Parse(
            ["--only", "a, b", "--gateway=builtin", "--port", "80", "--data", "/tmp/x", "--fresh", "--no-build", "--random-ports",
             "--run-file=r.yaml", "--resources-path", "c", "--configuration", "Release",
             "--faults", "f.yaml", "--control", "81", "--dashboard", "82"]);
        Assert.Equal(["a", "b"], line.Only!);
        Assert.Equal(("builtin", 80, "/tmp/x", true), (line.Gateway, line.Port, line.Data, line.Fresh));
        Assert.Equal((true, true), (line.NoBuild, line.RandomPorts));
        Assert.Equal(("f.yaml", 81, 82), (line.Faults, line.Control, line.Dashboard));
        Assert.Equal((null, 0), (CommandLineParser.Parse([]).Dashboard, CommandLineParser.Parse(["--dashboard=none"]).Dashboard));
        Assert.Equal(("r.yaml", "c", "Release"), (line.RunFile, line.ResourcesPath, line.Configuration));
    }

    [Fact]
    public void Replicas_and_swaps_add_up_over_commas_and_flags_and_the_last_word_counts()
    {
        var line = CommandLineParser.Parse(["--scale", "payment=3,basket=2", "--scale=payment=4", "--swap", "shipping=node"]);
        Assert.Equal([("basket", 2), ("payment", 4)], line.Scale.Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal([("shipping", "node")], line.Swap.Select(pair => (pair.Key, pair.Value)));
    }

    [Fact]
    public void In_process_without_a_value_is_all_and_takes_no_value_from_the_next_word()
    {
        Assert.Empty(CommandLineParser.Parse([]).InProcess);
        Assert.Equal(["all"], CommandLineParser.Parse(["--in-process", "--fresh"]).InProcess);
        Assert.Equal(["a", "b"], CommandLineParser.Parse(["--in-process=a,b"]).InProcess);
        Assert.Throws<UsageError>(() => CommandLineParser.Parse(["--in-process", "a"]));
    }

    [Fact]
    public void Without_sidecars_between_services_nothing_that_they_do_there_is_to_be_had()
    {
        Assert.False(CommandLineParser.Parse([]).Direct);
        Assert.True(CommandLineParser.Parse(["--direct", "--in-process", "--swap", "shipping=node"]).Direct);
        Assert.All<string[]>([["--scale=payment=2"], ["--control", "81"], ["--faults", "f.yaml"]], other => Assert.StartsWith(
            "--direct: not with", Assert.Throws<UsageError>(() => CommandLineParser.Parse([.. other, "--direct"])).Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unknown flag --prt", "--prt", "80")]
    [InlineData("unknown flag ordering", "ordering")]
    [InlineData("unknown flag --fresh=yes", "--fresh=yes")]
    [InlineData("--port needs a value", "--port")]
    [InlineData("--data needs a value", "--data", "--fresh")]
    [InlineData("--data needs a value", "--data", "")]
    [InlineData("--only needs a value", "--only=")]
    [InlineData("--only needs a value", "--only", ",")]
    [InlineData("--in-process needs a value", "--in-process=")]
    [InlineData("--port 99999: a number from 1 to 65535", "--port", "99999")]
    [InlineData("--gateway apache: choose nginx, builtin, none", "--gateway", "apache")]
    [InlineData("--redis localhost: write host:port", "--redis", "localhost")]
    [InlineData("--scale payment: write app=value", "--scale", "payment")]
    [InlineData("--scale payment=0: a number from 1 to 16", "--scale", "payment=0")]
    [InlineData("--scale payment=many: a number from 1 to 16", "--scale", "payment=many")]
    [InlineData("--swap =node: write app=value", "--swap", "=node")]
    [InlineData("--control 0: a number from 1 to 65535", "--control=0")]
    public void Says_what_it_does_not_understand(string message, params string[] arguments) =>
        Assert.Equal(message, Assert.Throws<UsageError>(() => CommandLineParser.Parse(arguments)).Message);
}
