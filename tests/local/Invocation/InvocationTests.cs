using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Local.Tests.Invocation;

public sealed class InvocationTests(InvocationTests.Shop shop) : IClassFixture<InvocationTests.Shop>
{
    private readonly HttpClient _sidecar = shop.Host.DaprHttp("caller");

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("PURGE")]
    public async Task Any_verb_reaches_the_app(string verb)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0/invoke/echo/method/some/path");
        Assert.Equal(verb, (await SendAsync(request)).GetProperty("method").GetString());
    }

    private async Task<JsonElement> SendAsync(HttpRequestMessage request)
    {
        using var response = await _sidecar.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public sealed class Shop : IAsyncLifetime
    {
        public ShopHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await ShopHost.StartAsync(shop => shop
            .Fake("caller", _ => { })
            .Fake("echo", app => app.MapFallback("{**path}", Echo)));

        public ValueTask DisposeAsync() => Host.DisposeAsync();

        private static IResult Echo(HttpContext context) => Results.Json(new
        {
            method = context.Request.Method,
            target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget,
            headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()),
        });
    }
}
