using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Cronos;
using Dapr.AppCallback.Autogen.Grpc.v1;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;

namespace DaprShop.Local.Bindings;

/// <summary>
/// <c>bindings.cron</c>: tells the app at the times of its schedule, while the app answers. An app that is not said to want it
/// (<c>direction: input</c>) is asked first, with OPTIONS or <c>ListInputBindings</c>.
/// https://docs.dapr.io/reference/components-reference/supported-bindings/cron/
/// </summary>
internal sealed class CronBindings : IAppObserver
{
    private readonly Dictionary<string, List<CronBinding>> _bindings;
    private readonly ConcurrentDictionary<Sidecar, (CancellationTokenSource Stop, Task Ticking)> _running = new();
    private readonly ConcurrentDictionary<Sidecar, IReadOnlyList<CronBinding>> _wanted = new();
    private readonly ResiliencyPolicies _resiliency;
    private readonly Tracers _tracers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <exception cref="ConfigurationError">A schedule that is none.</exception>
    public CronBindings(AppRegistry apps, ResiliencyPolicies resiliency, Tracers tracers, TimeProvider time, ILogger<CronBindings> logger)
    {
        (_resiliency, _tracers, _time, _logger) = (resiliency, tracers, time, logger);
        _bindings = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components.Where(spec => spec.Type == "bindings.cron").Select(CronBinding.Of).ToList());
    }

    public async Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var bindings = _bindings[sidecar.AppId];
        IReadOnlyList<string> listed = sidecar.SpeaksGrpc && bindings.Exists(binding => !binding.IsInput)
            ? await sidecar.Callback.BindingsAsync(cancellation)
            : [];
        List<CronBinding> wanted = [];
        foreach (var binding in bindings)
            if (binding.IsInput || listed.Contains(binding.Name) || await WantsAsync(sidecar, binding, cancellation)) wanted.Add(binding);
        _wanted[sidecar] = wanted;
        Start(sidecar, wanted);
    }

    public Task AppPausedAsync(Sidecar sidecar) => StopAsync(sidecar);

    /// <summary>As daprd, which remembers what an app said over gRPC, and over HTTP asks again.</summary>
    public Task AppResumedAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        if (!sidecar.SpeaksGrpc || !_wanted.TryGetValue(sidecar, out var wanted)) return AppReadyAsync(sidecar, cancellation);
        Start(sidecar, wanted);
        return Task.CompletedTask;
    }

    public Task AppGoneAsync(Sidecar sidecar)
    {
        _wanted.TryRemove(sidecar, out _);
        return StopAsync(sidecar);
    }

    private void Start(Sidecar sidecar, IReadOnlyList<CronBinding> wanted)
    {
        var stop = new CancellationTokenSource();
        _running[sidecar] = (stop, Task.WhenAll(wanted.Select(binding => TickAsync(sidecar, binding, stop.Token))));
    }

    private async Task StopAsync(Sidecar sidecar)
    {
        if (!_running.TryRemove(sidecar, out var running)) return;
        await running.Stop.CancelAsync();
        await running.Ticking;
        running.Stop.Dispose();
    }

    private static async Task<bool> WantsAsync(Sidecar sidecar, CronBinding binding, CancellationToken cancellation)
    {
        if (sidecar.SpeaksGrpc) return false;
        using var request = RequestTo(sidecar.App, HttpMethod.Options, binding.Route);
        using var response = await sidecar.App.Http.SendAsync(request, cancellation);
        return response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.MethodNotAllowed;
    }

    private async Task TickAsync(Sidecar sidecar, CronBinding binding, CancellationToken stop)
    {
        List<Task> telling = [];
        try
        {
            try
            {
                var last = _time.GetUtcNow();
                while (binding.Schedule(last) is { } next)
                {
                    await Pause.UntilAsync(next, _time, stop);
                    last = _time.GetUtcNow();
                    // Who is slow to hear keeps nobody from the next time; times that were slept through are one.
                    telling.RemoveAll(told => told.IsCompletedSuccessfully);
                    telling.Add(TellAsync(sidecar, binding, stop));
                }
            }
            finally
            {
                await Task.WhenAll(telling);
            }
        }
        catch (OperationCanceledException)
        {
            // The app is gone.
        }
    }

    private async Task TellAsync(Sidecar sidecar, CronBinding binding, CancellationToken stop)
    {
        var metadata = new Dictionary<string, string>
        {
            ["timeZone"] = "Local",
            ["readTimeUTC"] = _time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.fffffff +0000 'UTC'", CultureInfo.InvariantCulture),
        };
        var policy = _resiliency.For(sidecar.AppId).Inbound(binding.Name, ComponentKind.Binding);
        using var span = _tracers.Of(sidecar)?.Tell(
            binding.Name, sidecar.SpeaksGrpc ? "/dapr.proto.runtime.v1.AppCallback/OnBindingEvent" : $"POST /{binding.Name}");
        await policy.TellAsync(
            limited => sidecar.SpeaksGrpc
                ? sidecar.Callback.TellAsync(new BindingEventRequest { Name = binding.Name, Metadata = { metadata } }, span?.Id, limited)
                : PostAsync(sidecar.App, binding, metadata, span?.Id, limited),
            error =>
            {
                span.Fail(error.Message);
                _logger.LogWarning("{AppId} could not hear {Binding}: {Reason}", sidecar.AppId, binding.Name, error.Message);
            },
            _time, stop);
    }

    /// <exception cref="HttpRequestException">The app is away, or answered with anything but a success.</exception>
    private static async Task PostAsync(
        AppChannel app, CronBinding binding, Dictionary<string, string> metadata, string? traceParent, CancellationToken cancellation)
    {
        using var request = RequestTo(app, HttpMethod.Post, binding.Route);
        foreach (var (name, value) in metadata) request.Headers.TryAddWithoutValidation(name, value);
        if (traceParent is not null) request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        using var response = await app.Http.SendAsync(request, cancellation);
        response.EnsureSuccessStatusCode();
    }

    private static HttpRequestMessage RequestTo(AppChannel app, HttpMethod verb, string route)
    {
        var request = new HttpRequestMessage(verb, app.AddressOf(route)) { Content = new ByteArrayContent([]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
        return request;
    }
}

/// <summary>One schedule.</summary>
/// <param name="Name">Of the component.</param>
/// <param name="Route">Where the app hears of it.</param>
/// <param name="IsInput">The app need not be asked.</param>
/// <param name="Schedule">The next time after another.</param>
internal sealed record CronBinding(string Name, string Route, bool IsInput, Func<DateTimeOffset, DateTimeOffset?> Schedule)
{
    private const string Every = "@every ";

    public static CronBinding Of(ComponentSpec spec)
    {
        var settings = new ComponentSettings(spec);
        var text = settings.Text("schedule") ?? throw settings.Error("schedule is missing");
        return new CronBinding(
            spec.Name, settings.Text("route") ?? spec.Name, settings.List("direction").Contains("input", StringComparer.OrdinalIgnoreCase),
            Parse(text) ?? throw settings.Error($"schedule '{text}' is neither a cron expression nor @every with a duration"));
    }

    /// <summary>A zone may stand before it: <c>CRON_TZ=Europe/Berlin 0 6 * * *</c>, or <c>TZ=…</c>.</summary>
    private static Func<DateTimeOffset, DateTimeOffset?>? Parse(string text)
    {
        if (!text.StartsWith("TZ=", StringComparison.Ordinal) && !text.StartsWith("CRON_TZ=", StringComparison.Ordinal))
            return Parse(text, TimeZoneInfo.Local);
        return text.Split(' ', 2) is [var zone, var rest]
            && TimeZoneInfo.TryFindSystemTimeZoneById(zone[(zone.IndexOf('=') + 1)..], out var named)
            ? Parse(rest.Trim(), named)
            : null;
    }

    private static Func<DateTimeOffset, DateTimeOffset?>? Parse(string text, TimeZoneInfo zone)
    {
        if (text.StartsWith(Every, StringComparison.Ordinal))
        {
            if (!GoDuration.TryParse(text[Every.Length..].Trim(), out var interval) || interval <= TimeSpan.Zero) return null;
            var whole = TimeSpan.FromSeconds(Math.Max(1, Math.Floor(interval.TotalSeconds)));
            return after => after.AddTicks(-(after.Ticks % TimeSpan.TicksPerSecond)) + whole;
        }
        var fields = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        var format = fields.Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard;
        if (!CronExpression.TryParse(text, format, out var cron)) return null;
        var crons = fields is [.., var day, _, var weekday] && IsRestricted(day) && IsRestricted(weekday)
            ? [WithAny(^3), WithAny(^1)]
            : (CronExpression[])[cron];
        return after => crons.Min(one => one.GetNextOccurrence(after, zone));

        CronExpression WithAny(Index field)
        {
            string[] others = [.. fields];
            others[field] = "*";
            return CronExpression.Parse(string.Join(' ', others), format);
        }
    }

    /// <summary>Where days of the month and of the week are both restricted, either will do, as in robfig/cron.</summary>
    private static bool IsRestricted(string days) => days is not ("*" or "?" or "*/1" or "?/1");
}
