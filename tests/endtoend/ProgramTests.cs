using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DaprShop.Testing;

namespace DaprShop.EndToEnd.Tests;

/// <summary>The one command that starts the shop, as a person uses it; here with two of the services, which start sooner than nine.</summary>
public sealed partial class ProgramTests
{
    /// <summary>Numbers of scheduling policies, from Linux's sched.h.</summary>
    private const int Other = 0, Batch = 3;

    [Theory]
    [InlineData("nginx", "INT")]
    [InlineData("builtin", "TERM")]
    public async Task Asked_to_end_it_leaves_no_process_and_no_port(string gateway, string signal)
    {
        SharedShop.RequireOwn();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends signals with Linux's tools.");
        Assert.SkipWhen(gateway == "nginx" && Nginx.IsMissing, "nginx is not installed.");
        var data = Directory.CreateTempSubdirectory("daprshop-");
        using var program = Start(gateway, data.FullName);
        var output = await ReadUntilAsync(program.StandardOutput, "services ready");
        var ports = Ports().Matches(output).Select(match => int.Parse(match.Groups["port"].Value)).ToList();
        Assert.True(ports.Count >= 3, output);
        using (var shop = new Shop(new Uri(Door().Match(output).Value), "unused"))
        {
            await Eventually.Async(() => shop.Anonymous.GetAsync("/api/catalog/products").ReadAsync<Contracts.Page<ProductDoc>>(), _ => true, "products");
            await shop.Anonymous.GetAsync("/api/basket").ProblemAsync(503);
        }

        using (var kill = Process.Start("sh", ["-c", $"kill -{signal} {program.Id}"])) await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await program.WaitForExitAsync(limit.Token);

        Assert.Equal(0, program.ExitCode);
        Assert.All(ports, port => Assert.False(Answers(port), $"something still listens on port {port}"));
        data.Delete(recursive: true);
    }

    [Theory]
    [InlineData("nginx")]
    [InlineData("builtin")]
    public async Task Killed_it_takes_everything_along(string gateway)
    {
        SharedShop.RequireOwn();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nginx is ended by the next run only.");
        Assert.SkipWhen(gateway == "nginx" && Nginx.IsMissing, "nginx is not installed.");
        var data = Directory.CreateTempSubdirectory("daprshop-");
        using var program = Start(gateway, data.FullName);
        var ports = Ports().Matches(await ReadUntilAsync(program.StandardOutput, "services ready"))
            .Select(match => int.Parse(match.Groups["port"].Value)).ToList();
        Assert.All(ports, port => Assert.True(Answers(port)));

        program.Kill();

        await Eventually.Async(() => Task.FromResult(ports.Where(Answers).ToList()), open => open.Count == 0, "every port to be closed");
        data.Delete(recursive: true);
    }

    [Fact]
    public async Task Every_thread_of_the_shop_is_scheduled_as_a_batch_job()
    {
        SharedShop.RequireOwn();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has the policy.");
        Assert.SkipWhen(ThreadPolicies(Environment.ProcessId).Any(policy => policy != Other), "Who runs these tests chose a policy.");
        var data = Directory.CreateTempSubdirectory("daprshop-");
        using var program = Start("builtin", data.FullName);
        await ReadUntilAsync(program.StandardOutput, "services ready");

        var services = Children(program.Id);

        Assert.True(services.Count >= 2, "no services run");
        Assert.All([program.Id, .. services], process => Assert.All(ThreadPolicies(process), policy => Assert.Equal(Batch, policy)));
        program.Kill();
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        data.Delete(recursive: true);
    }

    /// <summary>Who runs tests in the background has SIGINT ignored, and so would the program.</summary>
    private static Process Start(string gateway, string data)
    {
        var local = Path.Combine(AppContext.BaseDirectory, "DaprShop.Local.dll");
        return Process.Start(new ProcessStartInfo(
            "env", ["--default-signal=INT", "dotnet", local, "--only", "catalog,shipping", "--random-ports", "--no-build", "--gateway", gateway, "--data", data])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>Reads on in the background afterwards, so that the program never waits for a reader.</summary>
    private static async Task<string> ReadUntilAsync(StreamReader output, string sign)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var read = new List<string>();
        while (await output.ReadLineAsync(limit.Token) is { } line)
        {
            read.Add(line);
            if (!line.Contains(sign, StringComparison.Ordinal)) continue;
            _ = output.ReadToEndAsync(CancellationToken.None);
            return string.Join('\n', read);
        }
        throw new InvalidOperationException($"The program ended: {string.Join('\n', read)}");
    }

    /// <summary>The 41st field of <c>stat</c>, the 39th after the name, which is in parentheses and may be anything: proc_pid_stat(5).</summary>
    private static List<int> ThreadPolicies(int process) =>
        [.. Directory.EnumerateDirectories($"/proc/{process}/task")
            .Select(thread => File.ReadAllText(Path.Combine(thread, "stat")).Split(") ")[^1].Split(' '))
            .Select(fields => int.Parse(fields[38], CultureInfo.InvariantCulture))];

    private static List<int> Children(int process) =>
        [.. Directory.EnumerateDirectories($"/proc/{process}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];

    private static bool Answers(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"http://(127\.0\.0\.1|localhost):(?<port>\d+)")]
    private static partial Regex Ports();

    [GeneratedRegex(@"http://localhost:\d+")]
    private static partial Regex Door();
}
