using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>Errors that say more than code and message: https://docs.dapr.io/developing-applications/error-codes/</summary>
public sealed class ErrorDetailTests(TestWorld world)
{
    [Theory]
    [InlineData("GET", "/v1.0/state/nothing/a", null, "DAPR_STATE_NOT_FOUND", """{"appID":"caller"}""", null)]
    [InlineData("POST", "/v1.0/state/nothing", "[]", "DAPR_STATE_NOT_FOUND", """{"appID":"caller"}""", null)]
    [InlineData("POST", "/v1.0-alpha1/state/store/query", "{}", "DAPR_STATE_QUERYING_NOT_SUPPORTED", "null", "state/store")]
    [InlineData("POST", "/v1.0/publish/nothing/x", "1", "DAPR_PUBSUB_NOT_FOUND", "{}", null)]
    [InlineData("POST", "/v1.0/publish/scoped/open", "1", "DAPR_PUBSUB_FORBIDDEN", """{"error":"topic open is not allowed for app id caller","topic":"open"}""", "pubsub/scoped")]
    [InlineData("POST", "/v1.0/publish/pubsub/x?metadata.rawPayload=perhaps", "1", "DAPR_PUBSUB_METADATA_DESERIALIZATION", """{"rawPayload":"perhaps"}""", "pubsub/pubsub")]
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
    [InlineData("no such store", "DAPR_STATE_NOT_FOUND", "", null)]
    [InlineData("no such pubsub", "DAPR_PUBSUB_NOT_FOUND", "", null)]
    [InlineData("no pubsub", "DAPR_PUBSUB_NAME_EMPTY", "a=b", "pubsub/")]
    [InlineData("no topic", "DAPR_PUBSUB_TOPIC_NAME_EMPTY", "a=b", "pubsub/pubsub")]
    [InlineData("topic out of scope", "DAPR_PUBSUB_FORBIDDEN", "error=topic open is not allowed for app id caller;topic=open", "pubsub/scoped")]
    [InlineData("raw or not", "DAPR_PUBSUB_METADATA_DESERIALIZATION", "rawPayload=perhaps", "pubsub/pubsub")]
    [InlineData("app says no", "Not Found", "http.code=404;http.error_message=gone", null)]
    [InlineData("no such lock store", null, "", null)]
    [InlineData("no such secret store", null, "", null)]
    public async Task So_they_do_over_grpc(string what, string? reason, string metadata, string? resource)
    {
        var dapr = new Client(world.Grpc("caller"));
        var failure = await Assert.ThrowsAsync<RpcException>(() => (Task)(what switch
        {
            "no such store" => dapr.GetStateAsync(new GetStateRequest { StoreName = "nothing", Key = "a" }).ResponseAsync,
            "no such pubsub" => dapr.PublishEventAsync(new PublishEventRequest { PubsubName = "nothing", Topic = "x" }).ResponseAsync,
            "no pubsub" => dapr.PublishEventAsync(new PublishEventRequest { Topic = "x", Metadata = { ["a"] = "b" } }).ResponseAsync,
            "no topic" => dapr.PublishEventAsync(new PublishEventRequest { PubsubName = "pubsub", Metadata = { ["a"] = "b" } }).ResponseAsync,
            "topic out of scope" => dapr.PublishEventAsync(new PublishEventRequest { PubsubName = "scoped", Topic = "open" }).ResponseAsync,
            "raw or not" => dapr.PublishEventAsync(
                new PublishEventRequest { PubsubName = "pubsub", Topic = "x", Metadata = { ["rawPayload"] = "perhaps" } }).ResponseAsync,
            "app says no" => dapr.InvokeServiceAsync(new InvokeServiceRequest
            {
                Id = "echo",
                Message = new InvokeRequest
                {
                    Method = "x",
                    HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get, Querystring = "status=404&body=gone" },
                },
            }).ResponseAsync,
            "no such lock store" => dapr.TryLockAlpha1Async(
                new TryLockRequest { StoreName = "nothing", ResourceId = "a", LockOwner = "b", ExpiryInSeconds = 1 }).ResponseAsync,
            _ => dapr.GetSecretAsync(new GetSecretRequest { StoreName = "nothing", Key = "x" }).ResponseAsync,
        }));
        if (what == "no such lock store") Assert.SkipWhen(world.Sidecars.RedisHost is null, "no redis-server, which daprd's locks need");
        if (failure.Trailers.GetValueBytes("grpc-status-details-bin") is not { } trailer)
        {
            Assert.Null(reason);
            return;
        }
        var status = Google.Rpc.Status.Parser.ParseFrom(trailer);
        Assert.Equal(((int)failure.StatusCode, failure.Status.Detail), (status.Code, status.Message));
        var info = status.Details.Single(detail => detail.Is(Google.Rpc.ErrorInfo.Descriptor)).Unpack<Google.Rpc.ErrorInfo>();
        Assert.Equal((reason, "dapr.io"), (info.Reason, info.Domain));
        Assert.Equal(metadata, string.Join(';', info.Metadata.Select(item => $"{item.Key}={item.Value}").Order(StringComparer.Ordinal)));
        var about = status.Details.Where(detail => detail.Is(Google.Rpc.ResourceInfo.Descriptor))
            .Select(detail => detail.Unpack<Google.Rpc.ResourceInfo>()).Select(info => $"{info.ResourceType}/{info.ResourceName}");
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
