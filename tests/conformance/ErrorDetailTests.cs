using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Errors that say more than code and message: https://docs.dapr.io/developing-applications/error-codes/</summary>
public sealed class ErrorDetailTests(TestWorld world)
{
    [Theory]
    [InlineData("GET", "/v1.0/state/nothing/a", null, "DAPR_STATE_NOT_FOUND", """{"appID":"caller"}""", null)]
    [InlineData("POST", "/v1.0/state/nothing", "[]", "DAPR_STATE_NOT_FOUND", """{"appID":"caller"}""", null)]
    [InlineData("POST", "/v1.0-alpha1/state/store/query", "{}", "DAPR_STATE_QUERYING_NOT_SUPPORTED", "null", "state/store")]
    [InlineData("POST", "/v1.0/publish/nothing/x", "1", "DAPR_PUBSUB_NOT_FOUND", "{}", null)]
    [InlineData("POST", "/v1.0/publish/bulk/pubsub/x", "{", "DAPR_PUBSUB_UNMARSHAL_EVENTS", """{"appID":"caller"}""", "pubsub/pubsub")]
    public async Task Details_name_reason_and_resource(
        string verb, string target, string? body, string reason, string metadata, string? resource)
    {
        var details = (await world.CallAsync("caller", verb, target, body)).Json.GetProperty("details").EnumerateArray().ToList();
        var info = details.Single(detail => IsA(detail, "ErrorInfo"));
        Assert.Equal((reason, "dapr.io"), (info.GetProperty("reason").GetString(), info.GetProperty("domain").GetString()));
        Assert.Equal(metadata, info.GetProperty("metadata").GetRawText());
        var about = details.Where(detail => IsA(detail, "ResourceInfo"))
            .Select(detail => $"{detail.GetProperty("resource_type").GetString()}/{detail.GetProperty("resource_name").GetString()}");
        Assert.Equal(resource, about.SingleOrDefault());
    }

    [Theory]
    [InlineData("GET", "/v1.0/secrets/nothing/a", null)]
    [InlineData("POST", "/v1.0/invoke/nobody/method/x", "1")]
    [InlineData("POST", "/v1.0/state/store", "{")]
    [InlineData("GET", "/v1.0/healthz?appid=other", null)]
    public async Task Other_errors_have_none(string verb, string target, string? body)
    {
        var answer = await world.CallAsync("caller", verb, target, body);
        Assert.Equal(["errorCode", "message"], answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("application/json", answer.Header("content-type"));
    }

    private static bool IsA(JsonElement detail, string type) => detail.GetProperty("@type").GetString() == "type.googleapis.com/google.rpc." + type;
}
