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
        Assert.Null(line.FaultsPort);
        Assert.False(line.Fresh);
    }

    [Fact]
    public void Reads_every_flag()
    {
        var line = CommandLineParser.Parse(
            ["--only", "a, b", "--gateway=builtin", "--port", "80", "--data", "/tmp/x", "--fresh", "--no-build", "--random-ports",
             "--run-file=r.yaml", "--resources-path", "c", "--configuration", "Release",
             "--faults", "f.yaml", "--faults-port", "81"]);
        Assert.Equal(["a", "b"], line.Only!);
        Assert.Equal(("builtin", 80, "/tmp/x", true), (line.Gateway, line.Port, line.Data, line.Fresh));
        Assert.Equal((true, true), (line.NoBuild, line.RandomPorts));
        Assert.Equal(("f.yaml", 81), (line.Faults, line.FaultsPort));
        Assert.Equal(("r.yaml", "c", "Release"), (line.RunFile, line.ResourcesPath, line.Configuration));
    }

    [Theory]
    [InlineData("unknown flag --prt", "--prt", "80")]
    [InlineData("unknown flag ordering", "ordering")]
    [InlineData("unknown flag --fresh=yes", "--fresh=yes")]
    [InlineData("--port needs a value", "--port")]
    [InlineData("--data needs a value", "--data", "--fresh")]
    [InlineData("--port 99999: a number from 1 to 65535", "--port", "99999")]
    [InlineData("--gateway apache: choose nginx, builtin, none", "--gateway", "apache")]
    [InlineData("--scale is not here yet", "--scale", "payment=3")]
    [InlineData("--in-process is not here yet", "--in-process")]
    public void Says_what_it_does_not_understand(string message, params string[] arguments) =>
        Assert.Equal(message, Assert.Throws<UsageError>(() => CommandLineParser.Parse(arguments)).Message);
}
