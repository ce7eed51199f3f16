using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>What an app heard.</summary>
public sealed record Heard(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body, DateTime At)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string Path => Target.Split('?')[0];
}

/// <summary>How a sidecar asks its app whether it is well.</summary>
/// <param name="Path">Of an app that speaks HTTP; null for the default, <c>/healthz</c>.</param>
/// <param name="Threshold">After so many failures the app is unwell.</param>
/// <param name="IsPatient">The local runtime waits for an answer as long as it takes (daprd cannot): only answers count.</param>
public sealed record HealthCheck(string? Path = null, int Threshold = 1, bool IsPatient = false)
{
    /// <summary>The shortest there is.</summary>
    public const int IntervalSeconds = 1;

    /// <summary>For an answer.</summary>
    public const int TimeoutMilliseconds = 900;
}

/// <summary>A tiny app beside a sidecar, in the test's own process: keeps what it hears.</summary>
/// <param name="id">Its app id.</param>
/// <param name="map">Its endpoints.</param>
public sealed class TestApp(string id, Action<WebApplication, TestApp> map) : IAsyncDisposable
{
    private WebApplication? _app;

    public string Id { get; } = id;

    public int Port { get; } = TestPorts.Take();

    public int HttpPort { get; } = TestPorts.Take();

    public int GrpcPort { get; } = TestPorts.Take();

    public int MetricsPort { get; } = TestPorts.Take();

    /// <summary>The app speaks gRPC to its sidecar.</summary>
    public bool IsGrpc { get; init; }

    /// <summary>The app is a program of its own, which the test starts.</summary>
    public bool IsElsewhere { get; init; }

    /// <summary>The sidecar asks the app how it is; null when it does not.</summary>
    public HealthCheck? HealthCheck { get; init; }

    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Settings, as <c>--name=value</c>, of an app made by an SDK.</summary>
    public ConcurrentQueue<Heard> Log { get; } = new();

    public Uri Sidecar => new($"http://127.0.0.1:{HttpPort}");

    public Uri SidecarGrpc => new($"http://127.0.0.1:{GrpcPort}");

    public async Task StartAsync()
    {
        if (IsElsewhere) return;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.WebHost.UseUrls($"http://127.0.0.1:{Port}");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8;
            if (IsGrpc) kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        Services?.Invoke(builder.Services);
        _app = builder.Build();
        map(_app, this);
        await _app.StartAsync();
    }

    /// <summary>Reads and keeps a request.</summary>
    public async Task<Heard> HearAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var headers = request.Headers.ToDictionary(
            header => header.Key.ToLowerInvariant(), header => string.Join(",", header.Value.ToArray()), StringComparer.Ordinal);
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var heard = new Heard(request.Method, target, headers, body.ToArray(), DateTime.UtcNow);
        Log.Enqueue(heard);
        return heard;
    }

    /// <summary>Waits until the app has heard this many requests that match.</summary>
    public async Task<IReadOnlyList<Heard>> HeardAsync(Func<Heard, bool> matches, int count = 1, int seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            Heard[] heard = [.. Log.Where(matches)];
            if (heard.Length >= count) return heard;
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"{Id} heard {heard.Length} of {count} in {seconds} s.");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }
}
