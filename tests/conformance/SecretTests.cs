using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Secrets over HTTP: https://docs.dapr.io/reference/api/secrets_api/</summary>
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
