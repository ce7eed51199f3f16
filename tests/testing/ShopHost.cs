using System.Net.Http.Headers;
using Dapr.Client;
using DaprShop.Common;
using DaprShop.Local.Hosting;

namespace DaprShop.Testing;

/// <summary>
/// Services in this process, each beside a sidecar of the local runtime, with random ports and a data directory of its own that goes
/// when the host does. Who is not named as a service or a fake is not there, but for a members app that publishes the test's keys.
/// </summary>
public sealed class ShopHost : IAsyncDisposable
{
    private readonly LocalRuntime _runtime;
    private readonly ShopHostOptions _options;
    private readonly TestKeys _keys;
    private readonly List<IDisposable> _clients = [];
    private readonly Lazy<DaprClient> _publisher;

    private ShopHost(LocalRuntime runtime, ShopHostOptions options, TestKeys keys)
    {
        _runtime = runtime;
        _options = options;
        _keys = keys;
        _publisher = new Lazy<DaprClient>(() => Dapr(_runtime.Apps.Sidecars[0].AppId));
    }

    /// <summary>The local runtime's services, its building blocks among them.</summary>
    public IServiceProvider Runtime => _runtime.Services;

    public string DataDirectory => _options.DataDirectory;

    /// <summary>Starts everything; ends when every app answers and its subscriptions and actor types are known.</summary>
    public static async Task<ShopHost> StartAsync(Action<ShopHostOptions> configure)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var keys = new TestKeys();
        var options = new ShopHostOptions();
        configure(options);
        var runtime = await LocalRuntime.StartAsync(options.Build(keys), limit.Token);
        var host = new ShopHost(runtime, options, keys);
        try
        {
            await runtime.ReadyAsync(limit.Token);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Straight to the app, as the gateway would call it.</summary>
    /// <param name="appId">The app.</param>
    /// <param name="token">A bearer token, e.g. <see cref="Token"/>; null for an anonymous client.</param>
    public HttpClient Client(string appId, string? token = null)
    {
        var client = Kept(new HttpClient(new PatientHandler(new SocketsHttpHandler())) { BaseAddress = SidecarOf(appId).App.Address });
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Straight to the app as only its sidecar may: <c>/internal</c> and <c>/events</c> let it in.</summary>
    public HttpClient SidecarClient(string appId)
    {
        var client = Client(appId);
        client.DefaultRequestHeaders.Add("dapr-api-token", _options.AppApiToken);
        return client;
    }

    /// <summary>To any app by way of this one's sidecar: <c>/v1.0/…</c>.</summary>
    public HttpClient DaprHttp(string appId)
    {
        var client = Kept(new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{SidecarOf(appId).HttpPort}/") });
        client.DefaultRequestHeaders.Add("dapr-api-token", _options.DaprApiToken);
        return client;
    }

    /// <summary>The SDK's client on this app's sidecar.</summary>
    public DaprClient Dapr(string appId)
    {
        var sidecar = SidecarOf(appId);
        return Kept(new DaprClientBuilder()
            .UseHttpEndpoint($"http://127.0.0.1:{sidecar.HttpPort}")
            .UseGrpcEndpoint($"http://127.0.0.1:{sidecar.GrpcPort}")
            .UseDaprApiToken(_options.DaprApiToken)
            .UseJsonSerializationOptions(ShopDefaults.CreateJsonOptions())
            .Build());
    }

    /// <summary>Publishes on the shop's pub/sub, through the sidecar of some app that may.</summary>
    /// <param name="topic">One of the contracts' topics.</param>
    /// <param name="data">The event.</param>
    /// <param name="eventId">The CloudEvent's id; a fresh one when null.</param>
    public Task PublishAsync<T>(string topic, T data, string? eventId = null)
    {
        var metadata = new Dictionary<string, string> { ["cloudevent.source"] = ContractCheck.Test };
        if (eventId is not null) metadata["cloudevent.id"] = eventId;
        return _publisher.Value.PublishEventAsync("pubsub", topic, data, metadata);
    }

    /// <summary>What has been heard so far on a topic that the test listens to (<see cref="ShopHostOptions.Listen"/>).</summary>
    public IReadOnlyList<T> Events<T>(string topic) =>
        (_options.Listener ?? throw new InvalidOperationException("The test listens to nothing.")).Heard<T>(topic);

    /// <summary>Waits for an event that holds what is asked.</summary>
    public async Task<T> EventAsync<T>(string topic, Func<T, bool>? holds = null)
    {
        T? found = default;
        await EventuallyAsync(
            () =>
            {
                found = Events<T>(topic).FirstOrDefault(holds ?? (_ => true));
                return Task.FromResult(found is not null);
            },
            $"an event on {topic}");
        return found!;
    }

    /// <summary>A token of a member, as the members service would sign it. Not valid when the test runs the real members service.</summary>
    public string Token(string memberId = "member-1") => _keys.Token(memberId, "member");

    public string StaffToken(string memberId = "staff-1") => _keys.Token(memberId, "staff");

    /// <summary>Ends this life of the app and begins the next, with the same sidecar and data.</summary>
    public Task RestartAsync(string appId) => _runtime.RestartAsync(appId);

    /// <summary>The app goes away, as in a crash that nobody mends, until <see cref="StartAppAsync"/>.</summary>
    public Task StopAppAsync(string appId) => _runtime.StopAppAsync(appId);

    public Task StartAppAsync(string appId) => _runtime.StartAppAsync(appId);

    /// <summary>Waits for an effect of something asynchronous; fails with <paramref name="what"/> when it does not come in time.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds, string what = "the expected effect", int seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await holds())
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"Waited {seconds} s for {what}.");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <exception cref="InvalidOperationException">A service told others what contracts/events does not say.</exception>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        await _runtime.DisposeAsync();
        if (_options.OwnsDataDirectory) Directory.Delete(_options.DataDirectory, recursive: true);
        if (_options.Told.Faults.Any()) throw new InvalidOperationException(string.Join('\n', _options.Told.Faults));
    }

    private Sidecar SidecarOf(string appId) => _runtime.Apps.Of(appId) is [var sidecar, ..]
        ? sidecar
        : throw new ArgumentException($"The test runs no app '{appId}'.", nameof(appId));

    private T Kept<T>(T client) where T : IDisposable
    {
        lock (_clients) _clients.Add(client);
        return client;
    }
}
