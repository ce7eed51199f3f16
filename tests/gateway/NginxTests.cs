using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;
using DaprShop.Testing;

namespace DaprShop.Gateway.Tests;

/// <summary>What is nginx's alone: its process, its problem bodies for what is no HTTP, and the configurations for other environments.</summary>
public sealed class NginxTests : IAsyncLifetime
{
    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Nginx.IsMissing, "nginx is not installed.");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("environment.conf")]
    [InlineData("environment.containers.conf")]
    [InlineData("environment.kubernetes.conf")]
    public async Task The_configuration_of_each_environment_is_valid(string environment)
    {
        var directory = CopyRules(environment);

        using var nginx = Run(directory.FullName, "-t");
        var errors = await nginx.StandardError.ReadToEndAsync();
        await nginx.WaitForExitAsync();

        Assert.True(nginx.ExitCode == 0, errors);
        directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("a_b<>\"")]
    [InlineData("\xff\xfe")]
    public async Task A_name_that_no_host_can_have_does_not_reach_the_service(string host)
    {
        await using var shop = await GatewayUnderTest.StartAsync("nginx");

        var answer = await shop.SendRawAsync($"GET /api/basket HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        Assert.True(answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) || answer.Contains("application/problem+json", StringComparison.Ordinal), answer);
        Assert.DoesNotContain(host, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_workers_with_former_addresses_end_clients_are_asked_to_take_other_connections()
    {
        await using var shop = await GatewayUnderTest.StartAsync("nginx");
        Assert.False(await IsSentAwayAsync());

        // It asks for a moment, which a busy machine may let pass before it is looked at.
        await ShopHost.EventuallyAsync(
            async () =>
            {
                var wasSentAway = false;
                var following = shop.Gateway.FollowAsync(shop.Settings.Services);
                while (!following.IsCompleted) wasSentAway |= await IsSentAwayAsync();
                await following;
                return wasSentAway;
            },
            "a gateway that asks for other connections");

        // All workers are told at once, which is not the same instant.
        await ShopHost.EventuallyAsync(async () => !await IsSentAwayAsync(), "a gateway that keeps its connections");

        async Task<bool> IsSentAwayAsync()
        {
            using var response = await shop.Client.GetAsync("/api/basket");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return response.Headers.ConnectionClose is true;
        }
    }

    [Fact]
    public async Task Following_ends_when_former_workers_take_no_more()
    {
        await using var shop = await GatewayUnderTest.StartAsync("nginx");
        using var former = new IdleConnection();
        await former.OpenAsync(shop.Settings.Port, CancellationToken.None);
        var left = former.ClosedAsync(CancellationToken.None);

        await shop.Gateway.FollowAsync(shop.Settings.Services);

        // All workers are told at once, which is not the same instant.
        await left.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task While_it_is_away_there_is_nobody_to_follow()
    {
        await using var shop = await GatewayUnderTest.StartAsync("nginx");
        KillMaster(shop);

        await shop.Gateway.FollowAsync(shop.Settings.Services);

        Assert.Equal(HttpStatusCode.OK, await AnswerOfAsync(shop.Client));
    }

    [Theory]
    [InlineData("https", "203.0.113.7", "https", "203.0.113.7", true)]
    [InlineData(null, null, "http", "127.0.0.1", false)]
    [InlineData("gopher", "nobody", "http", "127.0.0.1", false)]
    public async Task Behind_an_ingress_the_client_is_whom_that_saw(
        string? scheme, string? client, string seenScheme, string seenClient, bool strict)
    {
        await using var service = new FakeService("basket", FreePorts.Take());
        await service.StartAsync();
        await using var nginx = await IngressNginx.StartAsync(service.Address.Port);
        var http = nginx.Client;
        if (scheme is not null) http.DefaultRequestHeaders.Add("X-Forwarded-Proto", scheme);
        if (client is not null) http.DefaultRequestHeaders.Add("X-Forwarded-For", client);

        using var response = await http.GetAsync("/api/basket");

        var seen = (await response.Content.ReadFromJsonAsync<Seen>())!.Headers;
        Assert.Equal((seenScheme, seenClient), (seen["x-forwarded-proto"], seen["x-forwarded-for"]));
        Assert.Equal(strict, response.Headers.Contains("Strict-Transport-Security"));
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /%zz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n", 501)]
    public async Task What_is_no_HTTP_is_refused_as_a_problem(string request, int status)
    {
        await using var shop = await GatewayUnderTest.StartAsync("nginx", withServices: false);

        var answer = await shop.SendRawAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.Contains("Content-Type: application/problem+json", answer);
        Assert.Contains($"\"status\":{status}", answer);
    }

    [Fact]
    public async Task Killed_it_comes_back()
    {
        await using var shop = await GatewayUnderTest.StartAsync("nginx");
        KillMaster(shop);

        Assert.Equal(HttpStatusCode.OK, await AnswerOfAsync(shop.Client));
    }

    [Fact]
    public async Task One_left_over_by_a_killed_runtime_makes_way()
    {
        await using var shop = await GatewayUnderTest.StartAsync("nginx");
        await shop.Gateway.DisposeAsync();
        using var leftOver = Run(shop.Settings.DataPath);
        Assert.Equal(HttpStatusCode.OK, await AnswerOfAsync(shop.Client));

        await using var next = Gateways.Choose("nginx", shop.Settings, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance)!;
        await next.StartAsync(CancellationToken.None);

        await leftOver.WaitForExitAsync();
        Assert.Equal(HttpStatusCode.OK, await AnswerOfAsync(shop.Client));
    }

    [Fact]
    public async Task Bodies_on_their_way_do_not_fill_its_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What memory a process had is read from /proc.");
        const int Mebibyte = 1024 * 1024;
        await using var shop = await GatewayUnderTest.StartAsync("nginx");

        var unfinished = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => UnfinishedRequest.StartAsync(shop, "/api/orders", Mebibyte)));
        foreach (var request in unfinished) Assert.Contains($"\"bodyLength\":{Mebibyte}", await request.EndAsync());

        Assert.InRange(PeakOfWorkers(shop), 1 * Mebibyte, 50 * Mebibyte);
    }

    /// <summary>The rules in a folder of their own, for an environment; its name server has a name only there.</summary>
    internal static DirectoryInfo CopyRules(string environment, params IEnumerable<(string Old, string New)> changes)
    {
        var directory = Directory.CreateTempSubdirectory("nginx-");
        foreach (var file in Directory.EnumerateFiles(GatewayUnderTest.RulesPath).Where(file => !file.EndsWith("environment.conf")))
            File.Copy(file, Path.Combine(directory.FullName, Path.GetFileName(file)));
        var text = File.ReadAllText(Path.Combine(GatewayUnderTest.RulesPath, environment));
        foreach (var (old, changed) in changes.Append(("kube-dns.kube-system.svc.cluster.local", "127.0.0.1")))
            text = text.Replace(old, changed);
        File.WriteAllText(Path.Combine(directory.FullName, "environment.conf"), text);
        return directory;
    }

    internal static Process Run(string directory, params string[] arguments) => Process.Start(new ProcessStartInfo(
        NginxGateway.Find()!,
        ["-p", directory, "-c", Path.Combine(directory, "nginx.conf"), "-e", "stderr", "-g", "daemon off;", .. arguments])
    {
        RedirectStandardError = true,
    })!;

    private static int MasterOf(GatewayUnderTest shop) => int.Parse(File.ReadAllText(Path.Combine(shop.Settings.DataPath, "nginx.pid")));

    private static void KillMaster(GatewayUnderTest shop)
    {
        using var master = Process.GetProcessById(MasterOf(shop));
        master.Kill(entireProcessTree: true);
    }

    /// <summary>Bytes of memory that the workers had at most, each at its own time.</summary>
    private static long PeakOfWorkers(GatewayUnderTest shop)
    {
        var workers = File.ReadAllText($"/proc/{MasterOf(shop)}/task/{MasterOf(shop)}/children");
        return workers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(worker =>
        {
            using var process = Process.GetProcessById(int.Parse(worker));
            return process.PeakWorkingSet64;
        });
    }

    /// <summary>The first answer, however long the gateway takes to come back (within reason).</summary>
    internal static async Task<HttpStatusCode> AnswerOfAsync(HttpClient client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            try
            {
                return (await client.GetAsync("/api/basket", limit.Token)).StatusCode;
            }
            // .NET does not wrap it when a connection is reset in the instant after it was made.
            catch (Exception error) when (error is HttpRequestException or SocketException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }
}
