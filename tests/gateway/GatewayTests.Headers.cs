using System.Net.Http.Json;

namespace DaprShop.Gateway.Tests;

/// <content>What passes, what is added and what ends at the gateway.</content>
public abstract partial class GatewayTests
{
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

    [Fact]
    public async Task A_header_of_any_bytes_is_for_its_service_to_judge() => Assert.StartsWith(
        "HTTP/1.1 200 ",
        await _shop.SendRawAsync("GET /api/basket HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nX-Basket-Id: \xff\xc3(\r\n\r\n"));

    [Fact]
    public async Task HTTP_1_0_needs_no_host() =>
        Assert.Contains(" 200 ", (await _shop.SendRawAsync("GET /api/basket HTTP/1.0\r\n\r\n")).Split('\r')[0], StringComparison.Ordinal);

    [Fact]
    public async Task A_query_of_any_bytes_is_400() => Assert.StartsWith(
        "HTTP/1.1 400 ", await _shop.SendRawAsync("GET /api/basket?x=\xff\xc3 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"));

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
}
