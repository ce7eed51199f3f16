using System.Diagnostics;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Cli;

/// <summary>The programs that commands of the run file name: which build of them, and whether it is there.</summary>
internal static class Builds
{
    private const string Written = "bin/Debug/";

#if DEBUG
    private const string Own = "Debug";
#else
    private const string Own = "Release";
#endif

    /// <summary>The app with its command on the wanted build: commands are written for Debug, as <c>dotnet build</c> makes it.</summary>
    public static RunFileApp In(this RunFileApp app, string? configuration) => app with
    {
        Command = [.. app.Command.Select(word => word.Replace(Written, $"bin/{configuration ?? Own}/", StringComparison.Ordinal))],
    };

    /// <summary>Builds what is not there. (<c>dotnet run</c> has built the services already, in the runtime's own configuration.)</summary>
    /// <exception cref="ConfigurationError">A build fails, or something is missing that may not be built.</exception>
    public static void Ensure(IEnumerable<RunFileApp> apps, string? configuration, bool mayBuild)
    {
        foreach (var app in apps)
        {
            if (ProgramOf(app) is not { } program || File.Exists(program)) continue;
            if (!mayBuild)
                throw new ConfigurationError(
                    $"{app.Source}: {YamlMap.DisplayName(program)} of '{app.AppId}' is not there; build it, or leave out --no-build");
            Build(app, configuration ?? Own);
        }
    }

    /// <summary>The .NET program of an app, absolute; null when it is something else.</summary>
    public static string? ProgramOf(RunFileApp app) =>
        app.Command.FirstOrDefault(IsBuilt) is { } program ? Path.GetFullPath(program, app.Directory) : null;

    /// <summary>Runs a command to its end, its output on the screen.</summary>
    public static bool Succeeds(IReadOnlyList<string> command, string directory)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = directory })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static bool IsBuilt(string word) => word.EndsWith(".dll", StringComparison.Ordinal) && !Path.IsPathRooted(word);

    private static void Build(RunFileApp app, string configuration)
    {
        Console.WriteLine($"building {app.AppId} ({configuration})");
        string[] command = ["dotnet", "build", app.Directory, "--configuration", configuration, "--verbosity", "quiet", "--nologo"];
        if (!Succeeds(command, app.Directory)) throw new ConfigurationError($"'{app.AppId}' does not build; see above");
    }
}
