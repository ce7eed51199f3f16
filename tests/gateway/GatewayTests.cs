using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Testing;

namespace DaprShop.Gateway.Tests;

/// <summary>What a gateway must do, whichever it is.</summary>
public abstract partial class GatewayTests(SharedGateway shared, string kind) : IClassFixture<SharedGateway>, IAsyncLifetime
{
    private const string Id = "01890a5d-ac96-774b-bcce-b302099a8057";

    private GatewayUnderTest _shop = null!;

    private HttpClient Client => _shop.Client;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(kind == "nginx" && Nginx.IsMissing, "nginx is not installed.");
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
