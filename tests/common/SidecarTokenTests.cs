using System.Net;
using Microsoft.AspNetCore.Builder;

namespace DaprShop.Common.Tests;

public class SidecarTokenTests
{
    private static void Map(WebApplication app)
    {
        app.MapPost("/internal/x", () => "ok");
        app.MapPost("/events/x", () => "ok");
        app.MapPost("/actors/x", () => "ok");
        app.MapPost("/api/x", () => "ok");
    }

    [Theory]
    [InlineData("/internal/x"), InlineData("/events/x"), InlineData("/actors/x"), InlineData("/INTERNAL/x"), InlineData("/api/../internal/x")]
    public async Task Only_the_sidecar_may_call_what_is_not_public(string path)
    {
        await using var service = await TestService.StartAsync(Map, settings: "--APP_API_TOKEN=the-token");
        var target = new Uri(service.Client.BaseAddress!, path).ToString();

        Assert.Equal(HttpStatusCode.Unauthorized, (await service.SendAsync(HttpMethod.Post, target)).Response.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send("wrong")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Send("the-token")).StatusCode);

        async Task<HttpResponseMessage> Send(string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, target);
            request.Headers.Add("dapr-api-token", token);
            return await service.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task Public_paths_and_health_need_no_token()
    {
        await using var service = await TestService.StartAsync(Map, settings: "--APP_API_TOKEN=the-token");
        Assert.Equal(HttpStatusCode.OK, (await service.Client.PostAsync("/api/x", null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync("/healthz")).StatusCode);
    }

    [Fact]
    public async Task Outside_development_a_service_without_a_token_does_not_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestService.StartAsync(Map, settings: "--environment=Production"));
        Assert.Contains("APP_API_TOKEN", error.Message, StringComparison.Ordinal);
    }
}
