using System.Collections.Concurrent;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Dashboard;

/// <summary>The last that each app has said, and that was said about it; every line goes on to where it went before.</summary>
/// <param name="next">Takes every line as well.</param>
/// <param name="hide">What secrets are taken out with.</param>
/// <param name="time">When a line came.</param>
internal sealed class RecentLog(IAppLog next, SecretMask hide, TimeProvider time) : IAppLog
{
    public const int LinesKept = 400;
    private const int ErrorsKept = 50;
    private const int MaxLength = 4096;

    private readonly ConcurrentDictionary<string, Ring> _apps = new(StringComparer.Ordinal);
    private readonly Ring _errors = new(ErrorsKept);

    public IReadOnlyList<LogLine> LinesOf(string appId) => _apps.TryGetValue(appId, out var lines) ? lines.All() : [];

    /// <summary>Lines that say themselves that they are errors, and the ends of apps; the newest last.</summary>
    public IReadOnlyList<LogLine> Errors() => _errors.All();

    public void Line(string appId, string line)
    {
        next.Line(appId, line);
        Keep(new LogLine(time.GetUtcNow(), appId, Shown(line), LogLine.SaysError(line)));
    }

    public void Event(string appId, string message)
    {
        next.Event(appId, message);
        Keep(new LogLine(time.GetUtcNow(), appId, "* " + Shown(message), IsError: true));
    }

    private void Keep(LogLine line)
    {
        _apps.GetOrAdd(line.AppId, _ => new Ring(LinesKept)).Add(line);
        if (line.IsError) _errors.Add(line);
    }

    /// <summary>Cut afterwards: half a secret would not be found.</summary>
    private string Shown(string line)
    {
        var hidden = hide.In(line);
        return hidden.Length <= MaxLength ? hidden : hidden[..MaxLength] + "…";
    }

    private sealed class Ring(int size)
    {
        private readonly Queue<LogLine> _lines = new();

        public void Add(LogLine line)
        {
            lock (_lines)
            {
                if (_lines.Count == size) _lines.Dequeue();
                _lines.Enqueue(line);
            }
        }

        public IReadOnlyList<LogLine> All()
        {
            lock (_lines) return [.. _lines];
        }
    }
}

/// <summary>Something an app said, or the runtime about it.</summary>
/// <param name="At">When.</param>
/// <param name="AppId">Which app.</param>
/// <param name="Text">Without secrets.</param>
/// <param name="IsError">Whether it tells of an error.</param>
internal sealed record LogLine(DateTimeOffset At, string AppId, string Text, bool IsError)
{
    /// <summary>The shop's own text (<c>12:34:56.789 ERR …</c>), Serilog's compact JSON (<c>"@l":"Error"</c>), or pino's (<c>"level":50</c>).</summary>
    public static bool SaysError(string line)
    {
        if (line.StartsWith('{'))
        {
            return line.Contains("\"@l\":\"Error\"", StringComparison.Ordinal) || line.Contains("\"@l\":\"Fatal\"", StringComparison.Ordinal)
                || line.Contains("\"level\":50", StringComparison.Ordinal) || line.Contains("\"level\":60", StringComparison.Ordinal);
        }
        return line.Length > 16 && line[2] == ':' && line[12] == ' ' && line.AsSpan(13, 3) is "ERR" or "FTL";
    }
}
