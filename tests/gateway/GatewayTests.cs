using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;
using DaprShop.Testing;

namespace DaprShop.Gateway.Tests;

/// <summary>What a gateway must do, whichever it is.</summary>
public abstract class GatewayTests(SharedGateway shared, string kind) : IClassFixture<SharedGateway>, IAsyncLifetime
{
    private const string Id = "01890a5d-ac96-774b-bcce-b302099a8057";

    private GatewayUnderTest _shop = null!;

    private HttpClient Client => _shop.Client;

    public async ValueTask InitializeAsync()
    {
        if (kind == "nginx") Nginx.Require();
        _shop = await shared.StartAsync(kind);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("/api/members", "members")]
    [InlineData("/api/members/me/addresses", "members")]
    [InlineData("/.well-known/jwks.json", "members")]
    [InlineData("/api/catalog/products?search=kettle%20steel&page=2", "catalog")]
    [InlineData("/api/catalog/products/kettle-01/image", "catalog")]
    [InlineData("/api/inventory/kettle-01", "inventory")]
    [InlineData("/api/basket", "basket")]
    [InlineData("/api/basket/items/kettle-01", "basket")]
    [InlineData("/api/orders", "ordering")]
    [InlineData("/api/orders/" + Id + "/history", "ordering")]
    [InlineData("/api/payments/" + Id, "payment")]
    [InlineData("/api/shipping/rates?country=US&weight=1200", "shipping")]
    [InlineData("/api/shipments/" + Id, "shipping")]
    [InlineData("/api/notifications", "notification")]
    [InlineData("/health", "web")]
    [InlineData("/", "web")]
    [InlineData("/products/kettle-01", "web")]
    [InlineData("/products?search=a%2Fb", "web")]
    [InlineData("/staff/products", "web")]
    [InlineData("/css/site.css", "web")]
    public async Task A_public_path_reaches_its_service_unchanged(string path, string service)
    {
        var seen = await Client.GetFromJsonAsync<Seen>(path);

        Assert.Equal((service, "GET", path), (seen!.Service, seen.Method, seen.Target));
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/internal/products")]
    [InlineData("/events/orders-submitted")]
    [InlineData("/dapr/config")]
    [InlineData("/dapr/subscribe")]
    [InlineData("/actors/OrderActor/1/method/Submit")]
    [InlineData("/v1.0/invoke/members/method/internal/members/1")]
    [InlineData("/v1.0/state/members-store/x")]
    [InlineData("/api")]
    [InlineData("/api/unknown")]
    [InlineData("/api/membersx")]
    [InlineData("/API/members/me")]
    [InlineData("/Internal/products")]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/.git/config")]
    [InlineData("/-/problem")]
    [InlineData("//internal/products")]
    [InlineData("//api/members/me")]
    [InlineData("/api/members//me")]
    [InlineData("/api/../internal/products")]
    [InlineData("/api/members/../../internal/products")]
    [InlineData("/api/members/./me")]
    [InlineData("/api/members/..")]
    [InlineData("/internal/../api/members/me")]
    [InlineData("/internal//../api/members/me")]
    [InlineData("/../internal")]
    [InlineData("/api/members/%2e%2e/%2e%2e/internal/products")]
    [InlineData("/api/members/%2E./internal")]
    [InlineData("/api/members/..%2f..%2finternal")]
    [InlineData("/api/members%2f..%2f..%2finternal")]
    [InlineData("/internal%2f..%2fapi%2fmembers")]
    [InlineData("/%69nternal/products")]
    [InlineData("/api/members/%252e%252e/internal")]
    [InlineData("/api/members/..\\..\\internal")]
    [InlineData("/api/members/..;/internal")]
    [InlineData("/api/members/me%00")]
    [InlineData("/api/members/me%0d%0aX-Evil:1")]
    [InlineData("/api/members/me#/../internal")]
    [InlineData("http://shop.example/internal/products")]
    [InlineData("*")]
    public async Task A_path_that_is_not_public_reaches_nothing(string target)
    {
        var before = _shop.All.Sum(service => service.Targets.Count);

        var answer = await _shop.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 40[045] ", answer);
        Assert.Equal(before, _shop.All.Sum(service => service.Targets.Count));
    }

    [Fact]
    public async Task A_target_in_absolute_form_is_routed_by_its_path()
    {
        var answer = await _shop.SendRawAsync("GET http://shop.example/api/basket HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer);
        Assert.Contains("\"basket\"", answer);
    }

    [Fact]
    public async Task An_unknown_path_is_a_404_problem()
    {
        using var response = await Client.GetAsync("/api/unknown");

        await AssertProblemAsync(response, HttpStatusCode.NotFound);
        Assert.False(response.Headers.Contains("Retry-After"));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task The_methods_of_the_api_pass(string method)
    {
        using var response = await Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/api/catalog/products"));

        Assert.Equal(method, (await response.Content.ReadFromJsonAsync<Seen>())!.Method);
    }

    [Theory]
    [InlineData("TRACE")]
    [InlineData("PROPFIND")]
    [InlineData("BREW")]
    public async Task Other_methods_are_a_405_problem(string method)
    {
        using var response = await Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/api/catalog/products"));

        await AssertProblemAsync(response, HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task HEAD_is_GET_without_the_body()
    {
        using var response = await Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/api/catalog/products/tagged"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("\"v1\"", response.Headers.ETag!.Tag);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Headers_of_the_api_pass()
    {
        var headers = new Dictionary<string, string>
        {
            ["authorization"] = "Bearer abc",
            ["accept-language"] = "de",
            ["idempotency-key"] = "k-1",
            ["if-match"] = "\"v1\"",
            ["prefer"] = "wait=10",
            ["x-basket-id"] = Id,
            ["cookie"] = "shop=1; other=2",
            ["origin"] = "http://localhost:8080",
            ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ["tracestate"] = "vendor=1",
        };
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/orders/x") { Content = JsonContent.Create(new { a = 1 }) };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);

        using var response = await Client.SendAsync(request);

        var seen = await response.Content.ReadFromJsonAsync<Seen>();
        Assert.All(headers, header => Assert.Equal(header.Value, seen!.Headers.GetValueOrDefault(header.Key)));
        Assert.StartsWith("application/json", seen!.Headers["content-type"]);
        Assert.Equal(7, seen.BodyLength);
    }

    [Theory]
    [InlineData("dapr-api-token", "secret")]
    [InlineData("dapr-app-id", "payment")]
    [InlineData("Dapr-Caller-App-Id", "ordering")]
    [InlineData("dapr-reentrancy-id", "1")]
    [InlineData("X-Forwarded-Prefix", "/internal")]
    [InlineData("Forwarded", "for=1.2.3.4")]
    [InlineData("X-Original-URL", "/internal")]
    [InlineData("X-HTTP-Method-Override", "DELETE")]
    [InlineData("Cloudevent.id", "1")]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Accept-Encoding", "br")]
    public async Task Headers_that_outsiders_may_not_send_end_here(string name, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/basket");
        request.Headers.TryAddWithoutValidation(name, value);

        using var response = await Client.SendAsync(request);

        Assert.DoesNotContain(name.ToLowerInvariant(), (await response.Content.ReadFromJsonAsync<Seen>())!.Headers.Keys);
    }

    [Fact]
    public async Task The_service_learns_where_the_request_came_from_and_not_from_the_client()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/basket");
        request.Headers.Host = "shop.example:8080";
        request.Headers.Add("X-Forwarded-For", "6.6.6.6");
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        request.Headers.Add("X-Forwarded-Proto", "https");

        using var response = await Client.SendAsync(request);

        var headers = (await response.Content.ReadFromJsonAsync<Seen>())!.Headers;
        Assert.Equal("shop.example:8080", headers["host"]);
        Assert.Equal("127.0.0.1", headers["x-forwarded-for"]);
        Assert.Equal("shop.example:8080", headers["x-forwarded-host"]);
        Assert.Equal("http", headers["x-forwarded-proto"]);
    }

    [Theory]
    [InlineData("client-chosen.42", true)]
    [InlineData("short", false)]
    [InlineData("with \"quotes\" and spaces", false)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789", false)]
    [InlineData(null, false)]
    public async Task A_request_id_is_kept_when_sane_and_else_made(string? sent, bool kept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/basket");
        if (sent is not null) request.Headers.TryAddWithoutValidation("X-Request-Id", sent);

        using var response = await Client.SendAsync(request);

        var id = Assert.Single(response.Headers.GetValues("X-Request-Id"));
        Assert.Equal(id, (await response.Content.ReadFromJsonAsync<Seen>())!.Headers["x-request-id"]);
        if (kept) Assert.Equal(sent, id);
        else Assert.Matches("^[0-9a-f]{32}$", id);
    }

    [Theory]
    [InlineData("/api/basket", "default-src 'none'")]
    [InlineData("/api/unknown", "default-src 'none'")]
    [InlineData("/products", "default-src 'self'")]
    public async Task Every_answer_carries_the_security_headers_once(string path, string policy)
    {
        using var response = await Client.GetAsync(path);

        string Header(string name) => Assert.Single(response.Headers.GetValues(name));
        Assert.StartsWith(policy, Header("Content-Security-Policy"));
        Assert.Contains("frame-ancestors 'none'", Header("Content-Security-Policy"));
        Assert.Equal("nosniff", Header("X-Content-Type-Options"));
        Assert.Equal("DENY", Header("X-Frame-Options"));
        Assert.Equal("strict-origin-when-cross-origin", Header("Referrer-Policy"));
        Assert.Equal("camera=(), geolocation=(), microphone=(), payment=()", Header("Permissions-Policy"));
        Assert.False(response.Headers.Contains("Strict-Transport-Security"));
        Assert.False(response.Headers.Contains("X-Powered-By"));
        Assert.DoesNotMatch(@"\d", response.Headers.Server.ToString());
    }

    [Fact]
    public async Task Text_is_compressed_for_who_can_read_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/catalog/products/text");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));

        using var response = await Client.SendAsync(request);

        Assert.Equal("gzip", Assert.Single(response.Content.Headers.ContentEncoding));
        Assert.Contains("Accept-Encoding", response.Headers.Vary, StringComparer.OrdinalIgnoreCase);
        await using var plain = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        Assert.Equal(5000, (await JsonDocument.ParseAsync(plain)).RootElement.GetProperty("text").GetString()!.Length);
    }

    [Fact]
    public async Task Text_is_left_alone_for_who_cannot()
    {
        using var response = await Client.GetAsync("/api/catalog/products/text");

        Assert.Empty(response.Content.Headers.ContentEncoding);
    }

    [Theory]
    [InlineData("GET", "If-None-Match", "\"v1\"", HttpStatusCode.NotModified)]
    [InlineData("GET", "If-None-Match", "W/\"v1\"", HttpStatusCode.NotModified)]
    [InlineData("GET", "If-None-Match", "\"v0\"", HttpStatusCode.OK)]
    [InlineData("PUT", "If-Match", "\"v1\"", HttpStatusCode.OK)]
    [InlineData("PUT", "If-Match", "W/\"v1\"", HttpStatusCode.OK)]
    [InlineData("PUT", "If-Match", "\"v0\"", HttpStatusCode.PreconditionFailed)]
    public async Task Entity_tags_work_through_the_gateway(string method, string header, string tag, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/catalog/products/tagged");
        request.Headers.TryAddWithoutValidation(header, tag);

        using var response = await Client.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("\"v1\"", response.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task The_tag_of_a_compressed_answer_can_be_sent_back()
    {
        using var get = new HttpRequestMessage(HttpMethod.Get, "/api/catalog/products/tagged");
        get.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var got = await Client.SendAsync(get);
        using var put = new HttpRequestMessage(HttpMethod.Put, "/api/catalog/products/tagged");
        put.Headers.TryAddWithoutValidation("If-Match", got.Headers.ETag!.ToString());

        using var response = await Client.SendAsync(put);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task What_a_service_refuses_passes_in_its_own_words()
    {
        using var response = await Client.GetAsync("/api/orders/refused");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.Contains("the service's own words", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_large_cookie_passes_both_ways()
    {
        using var given = await Client.GetAsync("/sign-in");
        var cookie = Assert.Single(given.Headers.GetValues("Set-Cookie"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/basket");
        request.Headers.Add("Cookie", cookie);

        using var response = await Client.SendAsync(request);

        Assert.Equal(cookie, (await response.Content.ReadFromJsonAsync<Seen>())!.Headers["cookie"]);
    }

    [Theory]
    [InlineData(1024 * 1024, false)]
    [InlineData(1_000_000, true)]
    public async Task A_body_of_up_to_one_mebibyte_passes(int length, bool chunked)
    {
        using var response = await PostAsync(length, chunked);

        Assert.Equal(length, (await response.Content.ReadFromJsonAsync<Seen>())!.BodyLength);
    }

    [Theory]
    [InlineData(1024 * 1024 + 1, false)]
    [InlineData(1024 * 1024 + 1, true)]
    [InlineData(20_000_000, false)]
    public async Task A_larger_body_is_a_413_problem(int length, bool chunked)
    {
        using var response = await PostAsync(length, chunked);

        await AssertProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_request_that_is_no_HTTP_is_400()
    {
        Assert.StartsWith("HTTP/1.1 400 ", await _shop.SendRawAsync("GET /a b HTTP/1.1\r\nHost: shop\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 400 ", await _shop.SendRawAsync("nonsense\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 400 ", await _shop.SendRawAsync("GET / HTTP/1.1\r\n\r\n"));
    }

    [Fact]
    public async Task Headers_that_are_too_large_are_431()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/basket");
        for (var i = 0; i < 8; i++) request.Headers.Add($"X-Large-{i}", new string('x', 7000));

        using var response = await Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Two_ways_to_tell_the_length_of_a_body_do_not_smuggle_a_request()
    {
        var before = _shop["members"].Targets.Count;

        await _shop.SendRawAsync(
            "POST /api/basket HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + "0\r\n\r\nGET /api/members/me HTTP/1.1\r\nHost: shop\r\n\r\n");

        Assert.Equal(before, _shop["members"].Targets.Count);
    }

    [Fact]
    public async Task Events_pass_as_they_come_and_the_service_learns_when_the_client_leaves()
    {
        var ordering = _shop["ordering"];
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/orders/{Id}/stream");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using (var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal($"data: {i}", await lines.ReadLineAsync());
                Assert.Equal("", await lines.ReadLineAsync());
                ordering.NextEvent.Release();
            }
        }
        await ordering.StreamClosed.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_large_download_arrives_whole() =>
        Assert.True((await Client.GetByteArrayAsync("/api/catalog/products/x/large")).SequenceEqual(FakeService.Large));

    [Fact]
    public async Task A_web_socket_of_the_storefront_passes()
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_shop.Settings.Port}/_blazor"), CancellationToken.None);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, CancellationToken.None);
        var buffer = new byte[100];

        var received = await socket.ReceiveAsync(buffer, CancellationToken.None);

        Assert.Equal("echo hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    [Fact]
    public async Task A_service_that_breaks_off_is_a_503_problem()
    {
        using var response = await Client.PostAsync("/api/orders/crash", null);

        await AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task A_service_that_is_down_is_503_until_it_comes_back_while_others_serve()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind);
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/basket")).StatusCode);

        await shop["basket"].DisposeAsync();
        await AssertUnavailableAsync(await shop.Client.GetAsync("/api/basket"));
        await AssertUnavailableAsync(await shop.Client.PutAsJsonAsync("/api/basket/items/kettle-01", new { quantity = 1 }));
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/catalog/products")).StatusCode);

        await shop["basket"].StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/basket")).StatusCode);
    }

    [Fact]
    public async Task It_may_start_before_any_service()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, withServices: false);
        await AssertUnavailableAsync(await shop.Client.GetAsync("/"));
        await AssertUnavailableAsync(await shop.Client.GetAsync("/health"));
        await AssertProblemAsync(await shop.Client.GetAsync("/api/unknown"), HttpStatusCode.NotFound);

        await shop["web"].StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task A_replica_that_refuses_is_passed_over()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, replicas: 2);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.Client.GetAsync("/api/basket")));

        await shop["basket"].DisposeAsync();

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/basket")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await shop.Client.PostAsJsonAsync("/api/basket/merge", new { basketId = Id })).StatusCode);
        }
    }

    [Fact]
    public async Task Replicas_come_and_go_while_requests_are_answered()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind);
        var former = shop["ordering"];
        await using var successor = new FakeService("ordering", FreePorts.Take());
        await successor.StartAsync();
        using var stream = await shop.Client.GetAsync($"/api/orders/{Id}/stream", HttpCompletionOption.ResponseHeadersRead);
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/orders")).StatusCode);
        });

        await FollowAsync(former.Address, successor.Address);
        await ShopHost.EventuallyAsync(() => Task.FromResult(!successor.Targets.IsEmpty && !former.Targets.IsEmpty), "both");
        // The stream is still open at the one that goes, which must not keep the gateway from going on.
        var following = FollowAsync(successor.Address);
        former.NextEvent.Release();
        Assert.NotEqual(0, await (await stream.Content.ReadAsStreamAsync()).ReadAsync(new byte[1]));
        await following;
        former.Targets.Clear();
        await stop.CancelAsync();
        await asking;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.Client.GetAsync("/api/orders")));
        Assert.Empty(former.Targets);

        Task FollowAsync(params Uri[] replicas) => shop.Gateway.FollowAsync(
            shop.Settings.Services.ToDictionary(service => service.Key, service => service.Key == "ordering" ? replicas : service.Value));
    }

    [Theory]
    [InlineData("/api/members")]
    [InlineData("/api/members/token")]
    [InlineData("/sign-in")]
    [InlineData("/sign-up")]
    public async Task Sign_in_and_sign_up_are_limited_strictly_and_nothing_else_is(string path)
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, new GatewayLimits { StrictPerMinute = 1, StrictBurst = 2 });

        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.OK, (await shop.Client.PostAsync(path, null)).StatusCode);
        using var refused = await shop.Client.PostAsync(path, null);

        await AssertProblemAsync(refused, HttpStatusCode.TooManyRequests);
        Assert.True(refused.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/members/me")).StatusCode);
    }

    [Fact]
    public async Task The_generous_limit_is_a_limit_too()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, new GatewayLimits { GenerousPerSecond = 1, GenerousBurst = 5 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => shop.Client.GetAsync("/api/catalog/products")));

        Assert.InRange(answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), 6, 20);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Stopped_it_leaves_the_port_free()
    {
        var shop = await GatewayUnderTest.StartAsync(kind);
        var port = shop.Settings.Port;
        await shop.DisposeAsync();

        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        await using var second = Gateways.Choose(
            kind, _shop.Settings with { DataPath = Path.Combine(_shop.Settings.DataPath, "second") },
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance)!;

        var error = await Assert.ThrowsAsync<ConfigurationError>(() => second.StartAsync(CancellationToken.None));

        Assert.Equal($"Port {_shop.Settings.Port} is in use; stop what uses it, or choose another with --port.", error.Message);
    }

    private async Task<HttpResponseMessage> PostAsync(int length, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders")
        {
            Content = new ByteArrayContent(new byte[length]),
            Headers = { TransferEncodingChunked = chunked },
        };
        return await Client.SendAsync(request);
    }

    private static async Task AssertUnavailableAsync(HttpResponseMessage response)
    {
        await AssertProblemAsync(response, HttpStatusCode.ServiceUnavailable);
        Assert.True(response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.StartsWith("https://", problem.GetProperty("type").GetString());
        Assert.Equal(Assert.Single(response.Headers.GetValues("X-Request-Id")), problem.GetProperty("traceId").GetString());
    }
}
