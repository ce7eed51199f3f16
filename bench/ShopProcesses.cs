using System.Globalization;

namespace DaprShop.Bench;

/// <summary>What a process has used.</summary>
/// <param name="Name">E.g. <c>DaprShop.Ordering</c>.</param>
/// <param name="Cpu">User and system time since it began.</param>
/// <param name="RssBytes">Resident memory, shared pages included.</param>
/// <param name="PssBytes">Resident memory, shared pages divided among those who share them.</param>
public sealed record ProcessUse(int Pid, string Name, TimeSpan Cpu, long RssBytes, long PssBytes);

/// <summary>The shop's processes, read from <c>/proc</c>; there is no such thing but on Linux.</summary>
public static class ShopProcesses
{
    /// <summary>Kernel ticks per second as <c>/proc</c> counts them; 100 on every Linux that .NET runs on (USER_HZ).</summary>
    private const double TicksPerSecond = 100;

    private static readonly string[] s_ofTheShop = ["dotnet", "DaprShop", "nginx"];
    private static readonly string[] s_socketTables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>The topmost process of those that belong with the one that listens on the port; null when it cannot be found out.</summary>
    public static int? RootOf(int port)
    {
        if (!OperatingSystem.IsLinux() || ListenerOf(port) is not { } pid) return null;
        while (Stat.Of(pid) is { Parent: > 1 and var parent } && parent != Environment.ProcessId && IsOfTheShop(parent)) pid = parent;
        return pid;
    }

    /// <summary>The process and all of its descendants but this one; empty when there is no way to tell.</summary>
    public static IReadOnlyList<ProcessUse> Tree(int? root)
    {
        if (root is not { } top || !OperatingSystem.IsLinux()) return [];
        var parents = Pids().Select(pid => (Pid: pid, Stat: Stat.Of(pid))).Where(entry => entry.Stat is not null)
            .ToLookup(entry => entry.Stat!.Parent, entry => entry.Pid);
        var uses = new List<ProcessUse>();
        var open = new Stack<int>([top]);
        while (open.TryPop(out var pid))
        {
            foreach (var child in parents[pid].Where(child => child != Environment.ProcessId)) open.Push(child);
            if (UseOf(pid) is { } use) uses.Add(use);
        }
        return uses;
    }

    private static bool IsOfTheShop(int pid) =>
        NameOf(pid) is { } program && s_ofTheShop.Any(name => program.StartsWith(name, StringComparison.Ordinal));

    private static ProcessUse? UseOf(int pid)
    {
        try
        {
            if (Stat.Of(pid) is not { } stat) return null;
            var memory = File.ReadLines($"/proc/{pid}/smaps_rollup").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words is ["Rss:" or "Pss:", ..])
                .ToDictionary(words => words[0], words => long.Parse(words[1], CultureInfo.InvariantCulture) * 1024);
            return new ProcessUse(pid, NameOf(pid) ?? "?", stat.Cpu, memory.GetValueOrDefault("Rss:"), memory.GetValueOrDefault("Pss:"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended meanwhile, or is not ours to look at
        }
    }

    /// <summary>The program's name; for <c>dotnet X.dll</c>, that of X.</summary>
    private static string? NameOf(int pid)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            var program = words.FirstOrDefault(word => word.EndsWith(".dll", StringComparison.Ordinal)) ?? words[0].Split(' ')[0];
            return Path.GetFileName(program.EndsWith(".dll", StringComparison.Ordinal) ? program[..^4] : program).TrimEnd(':');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static int? ListenerOf(int port)
    {
        var sockets = s_socketTables.Where(File.Exists).SelectMany(file => File.ReadLines(file).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words[3] == "0A" && words[1].EndsWith($":{port:X4}", StringComparison.Ordinal))
            .Select(words => $"socket:[{words[9]}]")
            .ToHashSet(StringComparer.Ordinal);
        return Pids().Where(pid => HasOneOf(pid, sockets)).Cast<int?>().FirstOrDefault();
    }

    private static bool HasOneOf(int pid, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{pid}/fd")
                .Any(file => File.ResolveLinkTarget(file, returnFinalTarget: false) is { } target && sockets.Contains(target.Name));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<int> Pids()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) yield return pid;
    }

    /// <summary>Of <c>/proc/pid/stat</c>; see proc(5).</summary>
    private sealed record Stat(int Parent, TimeSpan Cpu)
    {
        public static Stat? Of(int pid)
        {
            try
            {
                var text = File.ReadAllText($"/proc/{pid}/stat");
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
                return new Stat(int.Parse(fields[1], CultureInfo.InvariantCulture), TimeSpan.FromSeconds(ticks / TicksPerSecond));
            }
            catch (IOException)
            {
                return null;
            }
        }
    }
}
