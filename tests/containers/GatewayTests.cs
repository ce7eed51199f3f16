using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprShop.Containers.Tests;

/// <summary>The gateway's container, while services come, go and move behind it.</summary>
public sealed class GatewayTests(Images images) : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly int _port = Docker.FreePort();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(1) };
    private bool _started;

    public async ValueTask InitializeAsync()
    {
        images.Require();
        _started = true;
        await ComposeAsync("up", "--detach", "--no-deps", "gateway");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_started) return;
        await ComposeAsync("down", "--volumes", "--timeout", "5");
    }

    [Fact]
    public async Task What_is_away_is_503_and_what_comes_is_found()
    {
        await UntilAsync("/api/catalog/products", HttpStatusCode.ServiceUnavailable);
        await UntilAsync("/health", HttpStatusCode.ServiceUnavailable);
        await UntilAsync("/internal/products", HttpStatusCode.NotFound);

        using var watch = new CancellationTokenSource();
        var seen = new ConcurrentBag<string>();
        var watching = WatchAsync("/api/payments/anything", seen, watch.Token);
        await ComposeAsync("up", "--detach", "--no-deps", "payment");
        await UntilAsync("/api/payments/anything", HttpStatusCode.Unauthorized);
        await ComposeAsync("kill", "payment");
        await UntilAsync("/api/payments/anything", HttpStatusCode.ServiceUnavailable);
        await ComposeAsync("up", "--detach", "--no-deps", "--force-recreate", "--scale", "payment=3", "payment");
        await UntilAsync("/api/payments/anything", HttpStatusCode.Unauthorized);
        await Docker.RunAsync("kill", $"{Docker.Project}-payment-2");
        await UntilAsync("/api/payments/anything", HttpStatusCode.Unauthorized);
        await watch.CancelAsync();
        await watching;

        Assert.Equal(["401", "503"], seen.Distinct().Order());
    }

    private Task<string> ComposeAsync(params string[] arguments) => Docker.ComposeAsync(_port, arguments);

    private async Task UntilAsync(string path, HttpStatusCode expected)
    {
        var limit = DateTime.UtcNow + s_patience;
        string? last = null;
        while (DateTime.UtcNow < limit)
        {
            last = await AskAsync(path);
            if (last == $"{(int)expected}") return;
            await Task.Delay(100);
        }
        Assert.Fail($"{path} is {last}, not {(int)expected}.");
    }

    private async Task WatchAsync(string path, ConcurrentBag<string> seen, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            seen.Add(await AskAsync(path));
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>The status; with what is wrong, when a 503 is not as clients need it.</summary>
    private async Task<string> AskAsync(string path)
    {
        try
        {
            using var answer = await _http.GetAsync($"http://127.0.0.1:{_port}{path}");
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable) return $"{(int)answer.StatusCode}";
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
            return answer.Headers.RetryAfter is not null && problem.GetProperty("status").GetInt32() == 503 ? "503" : $"a bare 503: {problem}";
        }
        catch (HttpRequestException error)
        {
            return $"no answer: {error.Message}";
        }
    }
}
