using DaprShop.Local.Cli;

namespace DaprShop.Local.Tests.Cli;

public sealed class ConsoleLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("daprshop-logs-").FullName;
    private readonly StringWriter _screen = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_line_is_on_the_screen_behind_the_name_of_its_app_and_in_the_file_alone()
    {
        using (var log = new ConsoleLog(_folder, ["basket", "web"], _screen, colour: false))
        {
            log.Line("web", "Hello.");
            log.Event("basket", "it died");
        }
        Assert.Equal(["web    | Hello.", "basket | * it died"], ScreenLines());
        Assert.Equal(["Hello."], File.ReadAllLines(Path.Combine(_folder, "web.log")));
    }

    [Fact]
    public void A_full_disk_is_told_of_once_and_nothing_else_is_lost()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "A disk that is always full is a thing of Linux.");
        var file = Path.Combine(_folder, "web.log");
        File.CreateSymbolicLink(file, "/dev/full");
        using (var log = new ConsoleLog(_folder, ["web"], _screen, colour: false))
        {
            log.Line("web", "Hello.");
            log.Line("web", "Good bye.");
        }
        Assert.Collection(
            ScreenLines(),
            line => Assert.Equal("web | Hello.", line),
            line => Assert.StartsWith($"web | * {file} is not complete: No space left on device", line, StringComparison.Ordinal),
            line => Assert.Equal("web | Good bye.", line));
    }

    [Fact]
    public void A_line_that_comes_after_the_end_does_no_harm()
    {
        var log = new ConsoleLog(_folder, ["web"], _screen, colour: false);
        log.Dispose();
        log.Line("web", "Am I late?");
        Assert.Equal("web | Am I late?", ScreenLines()[0]);
    }

    private string[] ScreenLines() => _screen.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
