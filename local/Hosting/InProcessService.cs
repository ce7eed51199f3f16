using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Hosting;

/// <summary>
/// One of the shop's services in the runtime's own process: its program, with what that depends on, is loaded beside the runtime, and
/// its <c>static WebApplication Create(string[], Action&lt;WebApplicationBuilder&gt;?)</c> called. Nothing else differs from a process of
/// its own: it listens on its port and speaks HTTP with its sidecar.
/// </summary>
internal static class InProcessService
{
    private delegate WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure);

    private static readonly Lock s_lock = new();
    private static readonly HashSet<string> s_folders = new(StringComparer.Ordinal);

    /// <param name="appId">For messages and logs.</param>
    /// <param name="program">The service's <c>.dll</c>, absolute.</param>
    /// <param name="directory">Its folder, where its static files are.</param>
    /// <param name="log">Takes its lines.</param>
    /// <exception cref="ConfigurationError">It is no service of the shop's.</exception>
    public static Func<string[], WebApplication> Load(string appId, string program, string directory, IAppLog log)
    {
        var assembly = LoadWithFriends(program);
        var create = Find(assembly) ?? throw new ConfigurationError(
            $"'{appId}' cannot run in this process: {YamlMap.DisplayName(program)} has no static WebApplication Create(string[], Action<WebApplicationBuilder>)");
        return arguments => create(
            [.. arguments, $"--contentRoot={directory}", $"--applicationName={assembly.GetName().Name}"],
            builder =>
            {
                builder.Services.AddSingleton<IHostLifetime, NoSignals>();
                builder.Services.AddSingleton<TextWriter>(new AppLogWriter(appId, log));
            });
    }

    private static Create? Find(Assembly assembly) => assembly.GetExportedTypes()
        .Select(type => type.GetMethod(
            nameof(Create), BindingFlags.Public | BindingFlags.Static, [typeof(string[]), typeof(Action<WebApplicationBuilder>)]))
        .FirstOrDefault(method => method?.ReturnType == typeof(WebApplication))?
        .CreateDelegate<Create>();

    /// <summary>All services are built with the same versions of everything, so one copy of each library serves them all.</summary>
    private static Assembly LoadWithFriends(string program)
    {
        lock (s_lock)
        {
            if (s_folders.Count == 0) AssemblyLoadContext.Default.Resolving += FindFriend;
            s_folders.Add(Path.GetDirectoryName(program)!);
        }
        return AssemblyLoadContext.Default.LoadFromAssemblyPath(program);
    }

    private static Assembly? FindFriend(AssemblyLoadContext context, AssemblyName name)
    {
        lock (s_lock)
        {
            return s_folders.Select(folder => Path.Combine(folder, $"{name.Name}.dll")).FirstOrDefault(File.Exists) is { } file
                ? context.LoadFromAssemblyPath(file)
                : null;
        }
    }

    /// <summary>What would be the service's standard output, line by line.</summary>
    private sealed class AppLogWriter(string appId, IAppLog log) : TextWriter
    {
        private readonly StringBuilder _line = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            lock (_line)
            {
                if (value != '\n')
                {
                    if (value != '\r') _line.Append(value);
                    return;
                }
                log.Line(appId, _line.ToString());
                _line.Clear();
            }
        }

        public override void Write(string? value)
        {
            lock (_line)
                foreach (var letter in value ?? "") Write(letter);
        }
    }
}
