using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>Secrets: https://docs.dapr.io/reference/api/secrets_api/</summary>
public sealed class SecretTests(TestWorld world)
{
    [Theory]
    [InlineData("/v1.0/secrets/files/cave:door", """{"cave:door":"open sesame"}""")]
    [InlineData("/v1.0/secrets/files/cave%3Adoor", """{"cave:door":"open sesame"}""")]
    [InlineData("/v1.0/secrets/files/plain", """{"plain":"42"}""")]
    [InlineData("/v1.0/secrets/env/COLOUR", """{"COLOUR":"red"}""")]
    [InlineData("/v1.0/secrets/env/NOTHING", """{"NOTHING":""}""")]
    [InlineData("/v1.0/secrets/files/bulk", """{"cave:door":{"cave:door":"open sesame"},"plain":{"plain":"42"}}""")]
    [InlineData("/v1.0/secrets/env/bulk", """{"COLOUR":{"COLOUR":"red"}}""")]
    public async Task Secrets_come_as_json(string target, string body)
    {
        var answer = await world.CallAsync("caller", "GET", target);
        Assert.Equal((200, "application/json"), (answer.Status, answer.Header("content-type")!.Split(';')[0]));
        Assert.Equal(body, answer.Body.Trim());
    }

    [Theory]
    [InlineData("/v1.0/secrets/files/plain", """{"plain":"42"}""")]
    [InlineData("/v1.0/secrets/vault/plain", """{"plain":"42"}""")]
    [InlineData("/v1.0/secrets/env/COLOUR", """{"COLOUR":"red"}""")]
    [InlineData("/v1.0/secrets/files/bulk", """{"plain":{"plain":"42"}}""")]
    [InlineData("/v1.0/secrets/vault/bulk", """{"plain":{"plain":"42"}}""")]
    public async Task A_scope_says_which_may_be_had(string target, string body)
    {
        var answer = await world.CallAsync("fragile", "GET", target);
        Assert.Equal((200, body), (answer.Status, answer.Body.Trim()));
    }

    [Theory]
    [InlineData("/v1.0/secrets/files/cave:door", "cave:door", "files")]
    [InlineData("/v1.0/secrets/files/nothing", "nothing", "files")]
    [InlineData("/v1.0/secrets/vault/cave:door", "cave:door", "vault")]
    public async Task And_which_may_not(string target, string secret, string store)
    {
        var answer = await world.CallAsync("fragile", "GET", target);
        Assert.Equal(
            (403, "ERR_PERMISSION_DENIED", $"access denied by policy to get \"{secret}\" from \"{store}\""),
            (answer.Status, answer.ErrorCode, answer.Message));
    }

    [Fact]
    public async Task It_says_so_over_grpc()
    {
        var dapr = new Client(world.Grpc("fragile"));
        Assert.Equal("42", (await dapr.GetSecretAsync(new GetSecretRequest { StoreName = "files", Key = "plain" })).Data["plain"]);
        Assert.Equal(["plain"], (await dapr.GetBulkSecretAsync(new GetBulkSecretRequest { StoreName = "vault" })).Data.Keys);
        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await dapr.GetSecretAsync(new GetSecretRequest { StoreName = "files", Key = "cave:door" }));
        Assert.Equal(
            (StatusCode.PermissionDenied, "access denied by policy to get \"cave:door\" from \"files\""),
            (failure.StatusCode, failure.Status.Detail));
    }

    [Theory]
    [InlineData("/v1.0/secrets/nothing/x", 401, "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store with key nothing")]
    [InlineData("/v1.0/secrets/nothing/bulk", 401, "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store with key nothing")]
    [InlineData("/v1.0/secrets/store/x", 401, "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store with key store")]
    [InlineData("/v1.0/secrets/files/nothing", 500, "ERR_SECRET_GET",
        "failed getting secret with key nothing from secret store files: secret nothing not found")]
    public async Task Bad_requests_get_daprd_s_errors(string target, int status, string code, string message)
    {
        var answer = await world.CallAsync("caller", "GET", target);
        Assert.Equal((status, code, message), (answer.Status, answer.ErrorCode, answer.Message));
    }
}
