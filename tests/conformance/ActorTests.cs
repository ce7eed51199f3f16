using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Actors over HTTP, hosted and called without any SDK: https://docs.dapr.io/reference/api/actors_api/</summary>
public sealed class ActorTests(TestWorld world)
{
    private readonly string _id = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Any_of_these_verbs_calls_a_method_with_put(string verb)
    {
        var answer = await world.CallAsync("actors", verb, $"/v1.0/actors/thing/{_id}/method/echo", verb is "GET" or "DELETE" ? null : "\"x\"");
        Assert.Equal(200, answer.Status);
        Assert.Equal("echo", answer.Json.GetProperty("method").GetString());
        Assert.Equal("PUT", (await HeardAsync())[0].Method);
    }

    [Theory]
    [InlineData("caller")]
    [InlineData("actors")]
    public async Task Any_sidecar_finds_the_actor(string caller)
    {
        var answer = await world.CallAsync(caller, "POST", $"/v1.0/actors/thing/{_id}/method/echo", "\"hello\"");
        Assert.Equal((200, "\"hello\""), (answer.Status, answer.Json.GetProperty("body").GetString()));
    }

    [Fact]
    public async Task Headers_go_with_the_call_and_come_back()
    {
        var answer = await world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/method/echo", "1", ("x-own", "mine"));
        Assert.Equal("mine", answer.Json.GetProperty("headers").GetProperty("x-own").GetString());
        Assert.Equal(TestWorld.AppToken, answer.Json.GetProperty("headers").GetProperty("dapr-api-token").GetString());
        answer = await world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/method/headers", "1");
        Assert.Equal(("mine", "ok"), (answer.Header("x-own"), answer.Body));
    }

    [Theory]
    [InlineData("thing", "fail", 500, "ERR_ACTOR_INVOKE_METHOD")]
    [InlineData("thing", "refuse", 500, "ERR_ACTOR_INVOKE_METHOD")]
    [InlineData("thing", "missing", 500, "ERR_ACTOR_INVOKE_METHOD")]
    [InlineData("nobody", "echo", 500, "ERR_ACTOR_INVOKE_METHOD")]
    public async Task What_goes_wrong_is_told(string type, string method, int status, string? code)
    {
        var answer = await world.CallAsync("actors", "POST", $"/v1.0/actors/{type}/{_id}/method/{method}", "1");
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
    }

    [Fact]
    public async Task Turns_come_one_after_the_other()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/method/slow", "1")));
        Assert.All(answers, answer => Assert.Equal("1", answer.Body));
    }

    [Fact]
    public async Task A_reentrant_actor_may_call_itself()
    {
        var answer = await world.CallAsync("actors", "POST", $"/v1.0/actors/reentrant/{_id}/method/again", "1");
        Assert.Equal("200", answer.Body);
        Assert.All(await HeardAsync(2), heard => Assert.NotEmpty(heard.Headers["dapr-reentrancy-id"]));
    }

    [Fact]
    public async Task An_idle_actor_is_deactivated()
    {
        await world.CallAsync("actors", "POST", $"/v1.0/actors/brief/{_id}/method/echo", "1");
        var gone = await world["actors"].HeardAsync(heard => heard.Method == "DELETE" && heard.Path == $"/actors/brief/{_id}");
        Assert.Single(gone);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"text\"")]
    [InlineData("{\"a\":[1]}")]
    [InlineData("false")]
    public async Task State_is_kept_with_the_actor(string value)
    {
        await ActivateAsync();
        Assert.Equal((204, ""), await WriteAsync($$$"""[{"operation":"upsert","request":{"key":"k","value":{{{value}}}}}]"""));
        var got = await GetAsync("k");
        Assert.Equal((200, value), (got.Status, got.Body));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[{\"operation\":\"delete\",\"request\":{\"key\":\"never\"}}]")]
    public async Task Writing_nothing_is_done(string body)
    {
        await ActivateAsync();
        Assert.Equal((204, ""), await WriteAsync(body));
    }

    [Fact]
    public async Task A_transaction_of_state_is_one()
    {
        await ActivateAsync();
        await WriteAsync("""[{"operation":"upsert","request":{"key":"a","value":1}}]""");
        await WriteAsync("""[{"operation":"delete","request":{"key":"a"}},{"operation":"upsert","request":{"key":"b","value":2}}]""");
        Assert.Equal(204, (await GetAsync("a")).Status);
        Assert.Equal("2", (await GetAsync("b")).Body);
    }

    [Fact]
    public async Task State_of_an_actor_that_never_lived_is_empty()
    {
        var got = await world.CallAsync("actors", "GET", $"/v1.0/actors/thing/{_id}/state/k");
        Assert.Equal((204, ""), (got.Status, got.Body));
    }

    [Theory]
    [InlineData("POST", "state", "{", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("POST", "state", "[{\"operation\":\"fly\",\"request\":{\"key\":\"a\"}}]", 500, "ERR_ACTOR_STATE_TRANSACTION_SAVE")]
    [InlineData("POST", "reminders/r", "{", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("POST", "reminders/r", "{\"dueTime\":\"soon\"}", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("POST", "reminders/r", "{\"dueTime\":\"1h\",\"period\":\"often\"}", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("POST", "reminders/r", "{\"dueTime\":\"1h\",\"ttl\":\"never\"}", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("POST", "timers/t", "{", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("POST", "timers/t", "{\"dueTime\":\"soon\"}", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("GET", "reminders/never", null, 404, "ERR_ACTOR_REMINDER_NOT_FOUND")]
    public async Task Bad_requests_get_daprd_s_errors(string verb, string path, string? body, int status, string code)
    {
        await ActivateAsync();
        var answer = await world.CallAsync("actors", verb, $"/v1.0/actors/thing/{_id}/{path}", body);
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
    }

    [Theory]
    [InlineData("reminders/r")]
    [InlineData("timers/t")]
    public async Task Cancelling_what_was_never_set_is_done(string path)
    {
        await ActivateAsync();
        Assert.Equal(204, (await world.CallAsync("actors", "DELETE", $"/v1.0/actors/thing/{_id}/{path}")).Status);
    }

    [Theory]
    [InlineData("POST", "reminders/r")]
    [InlineData("DELETE", "reminders/r")]
    [InlineData("GET", "reminders/r")]
    public async Task Reminders_of_types_hosted_elsewhere_are_refused(string verb, string path)
    {
        var answer = await world.CallAsync(
            "caller", verb, $"/v1.0/actors/thing/{_id}/{path}", verb == "POST" ? """{"dueTime":"1h"}""" : null);
        Assert.Equal((403, "ERR_ACTOR_REMINDER_NON_HOSTED"), (answer.Status, answer.ErrorCode));
    }

    [Fact]
    public async Task Metadata_counts_active_actors()
    {
        await ActivateAsync();
        var metadata = (await world.CallAsync("actors", "GET", "/v1.0/metadata")).Json;
        var actors = metadata.GetProperty("actorRuntime");
        Assert.Equal("RUNNING", actors.GetProperty("runtimeStatus").GetString());
        Assert.True(actors.GetProperty("hostReady").GetBoolean());
        var thing = actors.GetProperty("activeActors").EnumerateArray().Single(actor => actor.GetProperty("type").GetString() == "thing");
        Assert.True(thing.GetProperty("count").GetInt32() > 0);
    }

    private Task<Answer> ActivateAsync() => world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/method/echo", "1");

    private async Task<(int, string)> WriteAsync(string body)
    {
        var answer = await world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/state", body);
        return (answer.Status, answer.Body);
    }

    private Task<Answer> GetAsync(string key) => world.CallAsync("actors", "GET", $"/v1.0/actors/thing/{_id}/state/{key}");

    private Task<IReadOnlyList<Heard>> HeardAsync(int count = 1) =>
        world["actors"].HeardAsync(heard => heard.Path.Contains(_id, StringComparison.Ordinal), count);
}
