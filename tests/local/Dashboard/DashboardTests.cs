using System.Net;
using System.Net.Http.Json;
using DaprShop.Local.AppHealth;
using DaprShop.Local.Configuration;
using DaprShop.Local.Dashboard;
using DaprShop.Local.Hosting;
using DaprShop.Local.Tests.PubSub;
using DaprShop.Testing;

namespace DaprShop.Local.Tests.Dashboard;

/// <summary>The page about what runs; whoever writes logs or names topics may be hostile.</summary>
public sealed class DashboardTests : IAsyncLifetime
{
    private const string Evil = "<script>alert('x')</script>\"&";

    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec:
          type: pubsub.in-memory
          version: v1
          metadata: [{ name: password, value: component-secret }]
        """;

    private const string Subscriptions = """
        [{"pubsubname":"pubsub","topic":"orders","route":"/on/orders","deadLetterTopic":"graves"},
         {"pubsubname":"pubsub","topic":"graves","route":"/on/graves"},
         {"pubsubname":"pubsub","topic":"<b>bold</b>","routes":{"rules":[{"match":"event.type == \"<i>\"","path":"/a"}],"default":"/b"}}]
        """;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("daprshop-");
    private readonly EventApp _reader = new(Subscriptions, delivery => delivery.Path == "/on/orders" ? (200, """{"status":"DROP"}""") : (200, ""));
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private RecentLog _log = null!;
    private LocalRuntime _runtime = null!;
    private DashboardServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_data.FullName, "pubsub.yaml"), Components);
        _log = new RecentLog(new Silence(), new SecretMask(["app-token-1234"], [new("Shop__StaffPassword", "hunter2-hunter2")]), TimeProvider.System);
        _runtime = await LocalRuntime.StartAsync(new LocalRuntimeOptions
        {
            Apps = [new AppOptions("reader") { Create = arguments => _reader.Create(arguments, null) }],
            DataDirectory = Path.Combine(_data.FullName, "data"),
            Resources = ResourceFiles.Read([_data.FullName], []),
            Log = _log,
        });
        await _runtime.ReadyAsync();
        _server = await DashboardServer.StartAsync(
            0, new DashboardPages(new RuntimeView("shop <&>", new Uri("http://localhost:1"), _runtime), _log, TimeProvider.System));
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_server.Port}");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        await _runtime.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task Shows_what_runs()
    {
        var sidecar = _runtime.Apps.Sidecars[0];
        var page = await _http.GetStringAsync("/");
        Assert.Contains("<tr><th scope=\"row\">reader</th><td>0</td><td class=\"ready\">ready</td>", page, StringComparison.Ordinal);
        Assert.Contains($"{sidecar.App.BaseAddress}</a>", page, StringComparison.Ordinal);
        Assert.Contains($"<td>{sidecar.HttpPort}, {sidecar.GrpcPort}</td>", page, StringComparison.Ordinal);
        Assert.Contains("<tr><th scope=\"row\">pubsub</th><td>pubsub.in-memory</td><td>reader</td></tr>", page, StringComparison.Ordinal);
        Assert.Contains("<td>orders</td><td>/on/orders</td><td>graves</td><td>programmatic</td>", page, StringComparison.Ordinal);
        Assert.Contains("shop &lt;&amp;&gt;", page, StringComparison.Ordinal);
        Assert.Contains("http-equiv=\"refresh\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http-equiv=\"refresh\"", await _http.GetStringAsync("/?still"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shows_who_is_down()
    {
        await _runtime.StopAppAsync("reader");
        Assert.Contains("<td class=\"down\">down</td>", await _http.GetStringAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shows_who_is_unhealthy_and_why()
    {
        await using var runtime = await LocalRuntime.StartAsync(new LocalRuntimeOptions
        {
            Apps = [new AppOptions("reader")
            {
                Create = arguments => _reader.Create(arguments, null),
                HealthCheck = new HealthCheck { Path = "/not-there", Threshold = 1, Timeout = TimeSpan.FromMinutes(1) },
            }],
            DataDirectory = Path.Combine(_data.FullName, "unhealthy"),
            Log = _log,
        });
        await using var server = await DashboardServer.StartAsync(
            0, new DashboardPages(new RuntimeView("shop", null, runtime), _log, TimeProvider.System));
        await ShopHost.EventuallyAsync(
            async () => await _http.GetStringAsync($"http://127.0.0.1:{server.Port}/") is var page
                && page.Contains("<td class=\"unhealthy\">unhealthy</td>", StringComparison.Ordinal)
                && page.Contains("unhealthy, gets no calls and no messages: GET /not-there was answered with 405", StringComparison.Ordinal),
            "the illness");
    }

    [Fact]
    public async Task Shows_what_waits_and_what_went_to_the_dead_letters()
    {
        var sidecar = new Uri($"http://127.0.0.1:{_runtime.Apps.Sidecars[0].HttpPort}/v1.0/publish/pubsub/orders");
        (await _http.PostAsync(sidecar, JsonContent.Create(1))).EnsureSuccessStatusCode();
        await _reader.NextAsync(2);
        await _runtime.StopAppAsync("reader");
        for (var i = 0; i < 3; i++) (await _http.PostAsync(sidecar, JsonContent.Create(i))).EnsureSuccessStatusCode();
        const string Waiting = "<tr><th scope=\"row\">orders</th><td>reader</td><td>pubsub</td><td class=\"number\">3</td></tr>";
        await ShopHost.EventuallyAsync(
            async () => (await _http.GetStringAsync("/")).Contains(Waiting, StringComparison.Ordinal), "three that wait");
        await _runtime.StartAppAsync("reader");
        await _reader.NextAsync(6);
        const string Graves = "<tr class=\"error\"><th scope=\"row\">graves</th><td>reader</td><td class=\"number\">4</td>";
        await ShopHost.EventuallyAsync(
            async () => (await _http.GetStringAsync("/")).Contains(Graves, StringComparison.Ordinal), "four dead letters");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/logs/reader")]
    public async Task What_comes_from_elsewhere_is_never_markup(string path)
    {
        _log.Line("reader", "12:34:56.789 ERR " + Evil);
        _log.Event("reader", Evil);
        var page = await _http.GetStringAsync(path);
        Assert.Contains("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;", page, StringComparison.Ordinal);
        foreach (var markup in new[] { "<script", "<b>", "<i>" }) Assert.DoesNotContain(markup, page, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/logs/reader")]
    public async Task Secrets_are_not_shown(string path)
    {
        _log.Line("reader", "12:34:56.789 ERR token app-token-1234, password hunter2-hunter2");
        var page = await _http.GetStringAsync(path);
        Assert.Contains("token &#x2022;", page, StringComparison.Ordinal);
        foreach (var secret in new[] { "app-token-1234", "hunter2-hunter2", "component-secret" })
            Assert.DoesNotContain(secret, page, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_secret_in_a_long_line_not_even_the_beginning_is_shown()
    {
        const string secret = "hunter2-hunter2";
        for (var shown = 1; shown < secret.Length; shown++)
        {
            _log.Line("reader", new string('x', 4096 - shown) + secret);
            Assert.DoesNotContain('h', _log.LinesOf("reader")[^1].Text);
        }
    }

    [Theory]
    [InlineData("12:34:56.789 ERR it broke", true)]
    [InlineData("12:34:56.789 FTL it broke", true)]
    [InlineData("""{"@t":"2026-01-01T00:00:00Z","@mt":"it broke","@l":"Error"}""", true)]
    [InlineData("""{"level":50,"time":1,"msg":"it broke"}""", true)]
    [InlineData("12:34:56.789 INF the word ERR is no error", false)]
    [InlineData("""{"@t":"2026-01-01T00:00:00Z","@mt":"all is well"}""", false)]
    [InlineData("", false)]
    public async Task Errors_are_those_that_say_so(string line, bool isError)
    {
        _log.Line("reader", line);
        Assert.Equal(isError, _log.Errors().Any());
        Assert.Equal(line, Assert.Single(_log.LinesOf("reader")).Text);
        Assert.Equal(isError, (await _http.GetStringAsync("/")).Contains("data-testid=\"errors\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keeps_the_last_lines_only_and_the_beginnings_of_long_ones()
    {
        for (var i = 0; i < RecentLog.LinesKept + 10; i++) _log.Line("reader", $"line {i}.");
        _log.Line("reader", new string('x', 100_000));
        var page = await _http.GetStringAsync("/logs/reader");
        Assert.DoesNotContain("line 10.", page, StringComparison.Ordinal);
        Assert.Contains("line 11.", page, StringComparison.Ordinal);
        Assert.InRange(page.Length, 10_000, 60_000);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1:1")]
    [InlineData("localhost")]
    public async Task A_name_that_only_leads_here_is_refused(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = host == "evil.example" ? $"{host}:{_server.Port}" : host;
        using var answer = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task It_is_this_machine_s_by_its_name() =>
        Assert.Contains("reader", await _http.GetStringAsync($"http://localhost:{_server.Port}/"), StringComparison.Ordinal);

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Nothing_can_be_done_here(string verb)
    {
        foreach (var path in new[] { "/", "/logs/reader" })
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), path);
            using var answer = await _http.SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("/", 200)]
    [InlineData("/logs/reader", 200)]
    [InlineData("/style.css", 200)]
    [InlineData("/logs/nobody", 404)]
    [InlineData("/logs/..%2F..%2Fetc%2Fpasswd", 404)]
    [InlineData("/logs/%3Cscript%3E", 404)]
    [InlineData("/nothing", 404)]
    public async Task Every_answer_keeps_browsers_in_check(string path, int status)
    {
        using var answer = await _http.GetAsync(new Uri(_http.BaseAddress!, path));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.StartsWith("default-src 'none'; style-src 'self';", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(("nosniff", "DENY", "no-store"), (
            answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("X-Frame-Options").Single(),
            answer.Headers.CacheControl!.ToString()));
        Assert.DoesNotContain("<script", await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_port_in_use_is_said_so() =>
        Assert.Contains("--dashboard", (await Assert.ThrowsAsync<ConfigurationError>(() =>
            DashboardServer.StartAsync(_server.Port, new DashboardPages(new RuntimeView("", null, _runtime), _log, TimeProvider.System)))).Message, StringComparison.Ordinal);

    private sealed class Silence : IAppLog
    {
        public void Line(string appId, string line)
        {
        }

        public void Event(string appId, string message)
        {
        }
    }
}
