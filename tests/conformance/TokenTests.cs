using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>A sidecar that asks its app for a token: https://docs.dapr.io/operations/security/api-token/</summary>
public sealed class TokenTests(TokenTests.LockedWorld locked) : IClassFixture<TokenTests.LockedWorld>
{
    private const string Token = "conformance-dapr-token";

    [Theory]
    [InlineData("GET", "/v1.0/metadata", null, 401)]
    [InlineData("GET", "/v1.0/metadata", "wrong", 401)]
    [InlineData("GET", "/v1.0/metadata", "", 401)]
    [InlineData("GET", "/v1.0/metadata", Token, 200)]
    [InlineData("GET", "/v1.0/state/store/x", null, 401)]
    [InlineData("GET", "/v1.0/state/store/x", Token, 204)]
    [InlineData("GET", "/v1.0/invoke/locked/method/x", "wrong", 401)]
    [InlineData("GET", "/v1.0/invoke/locked/method/x", Token, 200)]
    [InlineData("POST", "/v1.0/publish/pubsub/x", null, 401)]
    [InlineData("GET", "/nothing", null, 401)]
    [InlineData("GET", "/v1.0/healthz", null, 204)]
    [InlineData("GET", "/v1.0/healthz/outbound", null, 204)]
    public async Task Without_the_token_nothing_but_health_answers(string verb, string target, string? token, int status)
    {
        var answer = await locked.World.CallAsync("locked", verb, target, verb == "POST" ? "1" : null, ("dapr-api-token", token ?? ""));
        Assert.Equal(status, answer.Status);
        if (status == 401) Assert.Equal("invalid api token", answer.Body.Trim());
    }

    [Fact]
    public async Task The_app_gets_its_own_token_and_not_the_sidecar_s()
    {
        var answer = await locked.World.CallAsync("locked", "GET", "/v1.0/invoke/locked/method/x", null, ("dapr-api-token", Token));
        Assert.Equal(TestWorld.AppToken, answer.Json.GetProperty("headers").GetProperty("dapr-api-token").GetString());
    }

    public sealed class LockedWorld : IAsyncLifetime
    {
        public TestWorld World { get; } = TestWorld.WithToken(Token);

        public ValueTask InitializeAsync() => World.InitializeAsync();

        public ValueTask DisposeAsync() => World.DisposeAsync();
    }
}
