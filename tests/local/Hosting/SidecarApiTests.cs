using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapr.Client;
using DaprShop.Testing;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;

namespace DaprShop.Local.Tests.Hosting;

/// <summary>What every sidecar answers, whatever the app: tokens, health, metadata, secrets, and what it does not serve.</summary>
public sealed class SidecarApiTests(SidecarApiTests.Shop shop) : IClassFixture<SidecarApiTests.Shop>
{
    private readonly HttpClient _sidecar = shop.Host.DaprHttp("app");
    private readonly DaprClient _dapr = shop.Host.Dapr("app");

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task Without_the_token_nothing_but_health_answers(string? token)
    {
        using var stranger = new HttpClient { BaseAddress = _sidecar.BaseAddress };
        if (token is not null) stranger.DefaultRequestHeaders.Add("dapr-api-token", token);

        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/v1.0/metadata")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/v1.0/invoke/app/method/x")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await stranger.GetAsync("/v1.0/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await stranger.GetAsync("/v1.0/healthz/outbound")).StatusCode);
    }

    [Fact]
    public async Task The_sdk_finds_the_sidecar_healthy()
    {
        Assert.True(await _dapr.CheckHealthAsync());
        Assert.True(await _dapr.CheckOutboundHealthAsync());
        Assert.Equal(HttpStatusCode.InternalServerError, (await _sidecar.GetAsync("/v1.0/healthz?appid=other")).StatusCode);
    }

    [Fact]
    public async Task Metadata_tells_id_components_and_labels_over_both_protocols()
    {
        using var labelled = await _sidecar.PutAsync("/v1.0/metadata/colour", new StringContent("red"));
        Assert.Equal(HttpStatusCode.NoContent, labelled.StatusCode);
        await _dapr.SetMetadataAsync("size", "small");

        var metadata = await _dapr.GetMetadataAsync();
        var body = await _sidecar.GetFromJsonAsync<JsonElement>("/v1.0/metadata");

        Assert.Equal("app", metadata.Id);
        Assert.Equal(("red", "small"), (metadata.Extended["colour"], metadata.Extended["size"]));
        Assert.Equal(["env", "files", "pubsub"], metadata.Components.Select(component => component.Name).Order());
        Assert.Equal("app", body.GetProperty("id").GetString());
        Assert.Equal("small", body.GetProperty("extended").GetProperty("size").GetString());
        Assert.Equal(3, body.GetProperty("components").GetArrayLength());
        var subscription = Assert.Single(body.GetProperty("subscriptions").EnumerateArray());
        Assert.Equal("news", subscription.GetProperty("topic").GetString());
        Assert.Equal("heard", subscription.GetProperty("rules")[0].GetProperty("path").GetString());
    }

    [Fact]
    public async Task Secrets_come_one_by_one_and_all_at_once()
    {
        Assert.Equal("open sesame", (await _dapr.GetSecretAsync("files", "cave:door"))["cave:door"]);
        Assert.Equal("red", (await _dapr.GetSecretAsync("env", "COLOUR"))["COLOUR"]);
        Assert.Equal("open sesame", (await _dapr.GetBulkSecretAsync("files"))["cave:door"]["cave:door"]);
        var one = await _sidecar.GetFromJsonAsync<Dictionary<string, string>>("/v1.0/secrets/files/cave%3Adoor");
        Assert.Equal("open sesame", one!["cave:door"]);
        var all = await _sidecar.GetFromJsonAsync<Dictionary<string, Dictionary<string, string>>>("/v1.0/secrets/env/bulk");
        Assert.Equal("red", all!["COLOUR"]["COLOUR"]);
    }

    [Theory]
    [InlineData("/v1.0/secrets/nothing/x", HttpStatusCode.Unauthorized, "ERR_SECRET_STORE_NOT_FOUND")]
    [InlineData("/v1.0/secrets/files/nothing", HttpStatusCode.InternalServerError, "ERR_SECRET_GET")]
    [InlineData("/v1.0/workflows/dapr/x", HttpStatusCode.NotImplemented, "ERR_API_UNIMPLEMENTED")]
    [InlineData("/v1.0-alpha1/crypto/x/encrypt", HttpStatusCode.NotImplemented, "ERR_API_UNIMPLEMENTED")]
    [InlineData("/v1.0-alpha1/conversation/x/converse", HttpStatusCode.NotImplemented, "ERR_API_UNIMPLEMENTED")]
    [InlineData("/v1.0/jobs/x", HttpStatusCode.NotImplemented, "ERR_API_UNIMPLEMENTED")]
    public async Task Errors_have_dapr_s_status_and_code(string path, HttpStatusCode status, string code)
    {
        using var response = await _sidecar.GetAsync(path);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(code, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task Tokens_of_dapr_itself_are_no_secrets()
    {
        Environment.SetEnvironmentVariable("DAPR_TEST_COLOUR", "red");
        var body = await shop.Host.DaprHttp("short-lived")
            .GetFromJsonAsync<Dictionary<string, string>>("/v1.0/secrets/elsewhere/DAPR_TEST_COLOUR");
        Assert.Equal("", body!["DAPR_TEST_COLOUR"]);
    }

    [Theory]
    [InlineData("//v1.0/metadata")]
    [InlineData("/v1.0//metadata/")]
    public async Task Doubled_slashes_do_not_matter(string path)
    {
        using var response = await _sidecar.GetAsync(new Uri(_sidecar.BaseAddress!.GetLeftPart(UriPartial.Authority) + path));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Grpc_errors_carry_dapr_s_status()
    {
        var error = await Assert.ThrowsAsync<Dapr.DaprException>(() => _dapr.GetSecretAsync("nothing", "x"));
        Assert.Equal(StatusCode.InvalidArgument, Assert.IsType<RpcException>(error.InnerException).StatusCode);
    }

    [Fact]
    public async Task Shutdown_takes_the_app_away()
    {
        using var response = await shop.Host.DaprHttp("short-lived").PostAsync("/v1.0/shutdown", null);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        await ShopHost.EventuallyAsync(
            async () => (await _sidecar.GetAsync("/v1.0/invoke/short-lived/method/x")).StatusCode == HttpStatusCode.InternalServerError,
            "the app to end");
    }

    public sealed class Shop : IAsyncLifetime
    {
        private readonly string _secrets = Path.GetTempFileName();

        public ShopHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await File.WriteAllTextAsync(_secrets, """{"cave": {"door": "open sesame"}}""");
            Environment.SetEnvironmentVariable("DAPRSHOP_TEST_COLOUR", "red");
            Host = await ShopHost.StartAsync(shop => shop
                .Fake("app", app => app.MapPost("/heard", () => { }).WithTopic("pubsub", "news"))
                .Fake("short-lived", _ => { })
                .Resources($$"""
                    apiVersion: dapr.io/v1alpha1
                    kind: Component
                    metadata: { name: files }
                    spec:
                      type: secretstores.local.file
                      version: v1
                      metadata: [{ name: secretsFile, value: "{{_secrets.Replace('\\', '/')}}" }]
                    ---
                    apiVersion: dapr.io/v1alpha1
                    kind: Component
                    metadata: { name: env }
                    spec:
                      type: secretstores.local.env
                      version: v1
                      metadata: [{ name: prefix, value: DAPRSHOP_TEST_ }]
                    ---
                    apiVersion: dapr.io/v1alpha1
                    kind: Component
                    metadata: { name: pubsub }
                    spec: { type: pubsub.in-memory, version: v1 }
                    ---
                    apiVersion: dapr.io/v1alpha1
                    kind: Component
                    metadata: { name: elsewhere }
                    spec: { type: secretstores.local.env, version: v1 }
                    scopes: [short-lived]
                    """));
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            File.Delete(_secrets);
        }
    }
}
