using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DaprShop.Conformance.Tests.Apps;
using Grpc.Core;
using Grpc.Net.Client;

namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>
/// A handful of tiny apps, each beside a sidecar of the local runtime or, when <c>DAPRD</c> names it, of real daprd. One for the
/// whole suite: tests use names and keys of their own.
/// </summary>
public sealed class TestWorld : IAsyncLifetime
{
    public const string AppToken = "conformance-app-token";

    private static readonly HttpClient s_http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    })
    {
        Timeout = TimeSpan.FromMinutes(2),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("conformance-").FullName;
    private readonly Dictionary<string, GrpcChannel> _channels = [];
    private readonly List<TestApp> _apps;

    public TestWorld() : this(
        [
            new TestApp("caller", EchoApp.Map), new TestApp("echo", EchoApp.Map), new TestApp("flaky", FlakyApp.Map),
            new TestApp("guarded", EchoApp.Map), new TestApp("events", EventsApp.Map), new TestApp("actors", ActorsApp.Map),
            new TestApp("speaker", CallbackApp.Map) { IsGrpc = true, Services = CallbackApp.AddServices },
            new TestApp("sdk", SdkApp.Map) { Services = SdkApp.AddServices }, new TestApp("tardy", FlakyApp.Map),
            new TestApp("fragile", FlakyApp.Map),
            new TestApp("stutterer", GrpcApp.Map) { IsGrpc = true, Services = GrpcApp.AddServices },
            new TestApp("drawler", GrpcApp.Map) { IsGrpc = true, Services = GrpcApp.AddServices },
        ], null)
    {
    }

    private TestWorld(List<TestApp> apps, string? daprApiToken)
    {
        _apps = apps;
        DaprApiToken = daprApiToken;
        Sidecars = Environment.GetEnvironmentVariable("DAPRD") is { Length: > 0 } daprd ? new DaprdSidecars(daprd) : new LocalSidecars();
    }

    /// <summary>A smaller world, whose one app, <c>locked</c>, must send its sidecar a token.</summary>
    public static TestWorld WithToken(string daprApiToken) => new([new TestApp("locked", EchoApp.Map)], daprApiToken);

    /// <summary>A world whose sidecars tell a collector at this address, by OTLP over HTTP, what they do.</summary>
    /// <param name="collector">Where it listens.</param>
    /// <param name="apps">Its apps; those of the whole suite that say something of traces unless given.</param>
    public static TestWorld Traced(Uri collector, params List<TestApp> apps) => new(
        apps.Count > 0 ? apps :
        [
            new TestApp("caller", EchoApp.Map), new TestApp("echo", EchoApp.Map), new TestApp("flaky", FlakyApp.Map),
            new TestApp("events", EventsApp.Map), new TestApp("actors", ActorsApp.Map),
            new TestApp("speaker", CallbackApp.Map) { IsGrpc = true, Services = CallbackApp.AddServices },
        ], null)
    {
        Collector = collector,
    };

    /// <summary>A world of these apps only.</summary>
    public static TestWorld Of(params List<TestApp> apps) => new(apps, null);

    /// <summary>A world of these apps only, whose sidecars know each other by certificates.</summary>
    public static TestWorld Certified(params List<TestApp> apps) => new(apps, null) { AreCertified = true };

    public ISidecars Sidecars { get; }

    private bool AreCertified { get; init; }

    public string? DaprApiToken { get; }

    /// <summary>Takes the traces; null when nobody does.</summary>
    public Uri? Collector { get; private init; }

    /// <summary>Where the sidecars' files are.</summary>
    public string Folder => _folder;

    public IReadOnlyList<TestApp> Apps => _apps;

    public TestApp this[string appId] => Find(appId) ?? throw new KeyNotFoundException(appId);

    public TestApp? Find(string appId) => _apps.Find(app => app.Id == appId);

    /// <summary>The receiver of what <c>bindings.smtp</c> sends.</summary>
    public MailSink Mail { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("CONFORM_COLOUR", "red");
        // Spans go to the collector soon.
        Environment.SetEnvironmentVariable("OTEL_BSP_SCHEDULE_DELAY", "100");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_TIMEOUT", "60000");
        WriteFiles();
        Mail.Start();
        await Task.WhenAll(_apps.Select(app => app.StartAsync()));
        await Sidecars.StartAsync(_apps, new SidecarFiles(_folder, DaprApiToken, AreCertified));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels.Values) channel.Dispose();
        await Sidecars.DisposeAsync();
        foreach (var app in _apps) await app.DisposeAsync();
        await Mail.DisposeAsync();
        if (Environment.GetEnvironmentVariable("CONFORMANCE_KEEP") is null) Directory.Delete(_folder, recursive: true);
        else await Console.Error.WriteLineAsync($"conformance: {_folder}");
    }

    /// <summary>Calls a sidecar over HTTP.</summary>
    /// <param name="appId">Whose sidecar.</param>
    /// <param name="verb">E.g. <c>POST</c>.</param>
    /// <param name="target">Path and query, as they go over the wire.</param>
    /// <param name="body">Null for none.</param>
    /// <param name="headers">Those of the request and its body.</param>
    public async Task<Answer> CallAsync(
        string appId, string verb, string target, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), Raw(this[appId].Sidecar, target));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        if (DaprApiToken is not null && !headers.Any(header => header.Name == "dapr-api-token"))
            request.Headers.Add("dapr-api-token", DaprApiToken);
        foreach (var (name, value) in headers)
        {
            if (name.Equals("content-type", StringComparison.OrdinalIgnoreCase))
            {
                request.Content!.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }
        using var response = await s_http.SendAsync(request);
        var fields = response.Headers.Concat(response.Content.Headers).Concat(response.TrailingHeaders)
            .ToDictionary(field => field.Key.ToLowerInvariant(), field => string.Join(",", field.Value), StringComparer.Ordinal);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), fields);
    }

    /// <summary>A gRPC channel to a sidecar.</summary>
    public CallInvoker Grpc(string appId)
    {
        lock (_channels)
        {
            if (!_channels.TryGetValue(appId, out var channel))
                _channels[appId] = channel = GrpcChannel.ForAddress(this[appId].SidecarGrpc);
            return channel.CreateCallInvoker();
        }
    }

    /// <summary>Waits for an effect of something asynchronous.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds, string what, int seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await holds())
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"Waited {seconds} s for {what}.");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>Skips what daprd, as it is started here, cannot be asked, or answers out of rule; the reason is for the reader.</summary>
    public void NotOnDaprd(string reason) => Assert.SkipWhen(Sidecars.AreReal, reason);

    private void WriteFiles()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "config"));
        Directory.CreateDirectory(Path.Combine(_folder, "resources"));
        foreach (var (name, text) in ResourceTexts.Of(this)) File.WriteAllText(Path.Combine(_folder, name), text);
    }

    /// <summary>Dot segments and escapes stay as they are written.</summary>
    private static Uri Raw(Uri address, string target) =>
        new(address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}

/// <summary>What a sidecar answered; names of headers are in lower case.</summary>
public sealed record Answer(int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? ErrorCode => Body.StartsWith('{') && Json.TryGetProperty("errorCode", out var code) ? code.GetString() : null;

    public string? Message => Body.StartsWith('{') && Json.TryGetProperty("message", out var message) ? message.GetString() : null;

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
