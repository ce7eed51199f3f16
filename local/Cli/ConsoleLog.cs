using DaprShop.Local.Hosting;

namespace DaprShop.Local.Cli;

/// <summary>
/// What the apps say: each line to the app's log file, and to the screen behind the app's name. Where it cannot be written (the disk is
/// full), it is lost, and the first time the screen says so; the apps go on.
/// </summary>
internal sealed class ConsoleLog : IAppLog, IDisposable
{
    private const string Reset = "\e[0m";

    private readonly Dictionary<string, (string Prefix, TextWriter File)> _apps = new(StringComparer.Ordinal);
    private readonly TextWriter _screen;
    private bool _isIncomplete;

    /// <param name="folder">Where the log files go.</param>
    /// <param name="appIds">The apps.</param>
    /// <param name="screen">For people.</param>
    /// <param name="colour">False when the screen is a file.</param>
    public ConsoleLog(string folder, IReadOnlyList<string> appIds, TextWriter screen, bool colour)
    {
        _screen = screen;
        Directory.CreateDirectory(folder);
        Folder = folder;
        var width = appIds.Max(appId => appId.Length);
        for (var i = 0; i < appIds.Count; i++)
        {
            var name = appIds[i].PadRight(width);
            // Six colours that read well on dark and light, then their brighter six.
            var prefix = colour ? $"\e[{(i / 6 % 2 == 0 ? 31 : 91) + (i % 6)}m{name} |{Reset} " : $"{name} | ";
            _apps[appIds[i]] = (prefix, TextWriter.Synchronized(new StreamWriter(PathOf(appIds[i])) { AutoFlush = true }));
        }
    }

    public string Folder { get; }

    public string PathOf(string appId) => Path.Combine(Folder, appId + ".log");

    public void Line(string appId, string line)
    {
        var (prefix, file) = _apps[appId];
        var failure = FailureOf(() => file.WriteLine(line));
        FailureOf(() => _screen.WriteLine(prefix + line));
        if (failure is not null && !Interlocked.Exchange(ref _isIncomplete, true))
            FailureOf(() => _screen.WriteLine($"{prefix}* {PathOf(appId)} is not complete: {failure}"));
    }

    public void Event(string appId, string message) => Line(appId, "* " + message);

    public void Dispose()
    {
        foreach (var (_, file) in _apps.Values) FailureOf(file.Dispose);
    }

    private static string? FailureOf(Action write)
    {
        try
        {
            write();
            return null;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return error.Message;
        }
    }
}
