using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Service invocation over HTTP: https://docs.dapr.io/reference/api/service_invocation_api/</summary>
public sealed class InvocationTests(TestWorld world)
{
    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Any_verb_reaches_the_app(string verb) =>
        Assert.Equal(verb, (await EchoAsync(verb, "/v1.0/invoke/echo/method/some/path")).GetProperty("method").GetString());

    [Theory]
    [InlineData("/orders/7", "/orders/7")]
    [InlineData("/a%20b?x=1%2B2&y=a%26b&x=2", "/a%20b?x=1%2B2&y=a%26b&x=2")]
    [InlineData("/umlaut/%C3%A9", "/umlaut/%C3%A9")]
    [InlineData("/v1.0/state/x", "/v1.0/state/x")]
    [InlineData("/?q=1", "/?q=1")]
    [InlineData("/", "/")]
    [InlineData("/twice//slashed/", "/twice/slashed")]
    [InlineData("/a?x=b%20c", "/a?x=b%20c")]
    [InlineData("/a?x", "/a?x")]
    [InlineData("/a?x=%E2%98%83", "/a?x=%E2%98%83")]
    [InlineData("/a;b=c,d:e@f", "/a;b=c,d:e@f")]
    [InlineData("/%2e%2e/x", "/x")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/a+b", "/a+b")]
    public async Task Path_and_query_arrive(string sent, string received) =>
        Assert.Equal(received, (await EchoAsync("GET", "/v1.0/invoke/echo/method" + sent)).GetProperty("target").GetString());

    [Fact]
    public async Task An_escaped_percent_sign_stays_one()
    {
        world.NotOnDaprd("daprd decodes the path, then takes what comes out for encoded: a%25b fails with 500");
        Assert.Equal("/a%25b", (await EchoAsync("GET", "/v1.0/invoke/echo/method/a%25b")).GetProperty("target").GetString());
    }

    [Theory]
    [InlineData("/orders/7?x=1")]
    [InlineData("/api/orders")]
    public async Task The_header_names_the_app_as_well(string path)
    {
        var heard = await EchoAsync("GET", path, null, ("dapr-app-id", "echo"));
        Assert.Equal(path, heard.GetProperty("target").GetString());
    }

    [Fact]
    public async Task An_app_may_be_named_with_its_namespace() =>
        Assert.Equal("/x", (await EchoAsync("GET", "/v1.0/invoke/echo.default/method/x")).GetProperty("target").GetString());

    [Fact]
    public async Task An_app_may_call_itself()
    {
        var answer = await world.CallAsync("echo", "GET", "/v1.0/invoke/echo/method/x");
        Assert.Equal(200, answer.Status);
    }

    [Theory]
    [InlineData("dapr-caller-app-id", "caller")]
    [InlineData("dapr-callee-app-id", "echo")]
    [InlineData("dapr-caller-namespace", "default")]
    [InlineData("dapr-api-token", TestWorld.AppToken)]
    [InlineData("x-own", "one")]
    [InlineData("authorization", "Bearer abc")]
    [InlineData("accept-language", "de")]
    [InlineData("cookie", "a=b")]
    public async Task Headers_that_an_app_hears(string name, string value)
    {
        var heard = await EchoAsync(
            "GET", "/v1.0/invoke/echo/method/x", null, ("x-own", "one"), ("authorization", "Bearer abc"), ("accept-language", "de"),
            ("cookie", "a=b"));
        Assert.Equal(value, heard.GetProperty("headers").GetProperty(name).GetString());
    }

    [Fact]
    public async Task Headers_are_utf_8_both_ways()
    {
        var answer = await world.CallAsync(
            "caller", "GET", "/v1.0/invoke/echo/method/x?header=x-answer:J%C3%BCrgen", null, ("x-name", "Jürgen ☃"));
        Assert.Equal(200, answer.Status);
        Assert.Equal("Jürgen ☃", answer.Json.GetProperty("headers").GetProperty("x-name").GetString());
        Assert.Equal("Jürgen", answer.Header("x-answer"));
    }

    [Theory]
    [InlineData("dapr-caller-app-id", "caller")]
    [InlineData("dapr-callee-app-id", "echo")]
    public async Task Nobody_can_pretend_to_be_another(string name, string value)
    {
        world.NotOnDaprd("daprd adds its own value to a forged one: 'caller,forged'");
        var heard = await EchoAsync("GET", "/v1.0/invoke/echo/method/x", null, (name, "forged"));
        Assert.Equal(value, heard.GetProperty("headers").GetProperty(name).GetString());
    }

    [Fact]
    public async Task The_trace_goes_on()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        var heard = await EchoAsync(
            "GET", "/v1.0/invoke/echo/method/x", null, ("traceparent", $"00-{trace}-b7ad6b7169203331-01"), ("tracestate", "a=b"));
        Assert.Equal(trace, heard.GetProperty("headers").GetProperty("traceparent").GetString()!.Split('-')[1]);
        Assert.Equal("a=b", heard.GetProperty("headers").GetProperty("tracestate").GetString());
    }

    [Theory]
    [InlineData("application/json", """{"a":1}""")]
    [InlineData("text/plain", "words")]
    [InlineData("application/x-www-form-urlencoded", "a=b&c=d")]
    [InlineData("application/vnd.own+json; charset=utf-8", "{}")]
    [InlineData("application/json", "")]
    public async Task Bodies_arrive_with_their_type(string type, string body)
    {
        var heard = await EchoAsync("POST", "/v1.0/invoke/echo/method/x", body, ("content-type", type));
        Assert.Equal(body, heard.GetProperty("body").GetString());
        Assert.Equal(type, heard.GetProperty("headers").GetProperty("content-type").GetString());
    }

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(202)]
    [InlineData(204)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(418)]
    [InlineData(422)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task The_app_s_status_is_the_answer(int status)
    {
        var answer = await world.CallAsync("caller", "POST", $"/v1.0/invoke/echo/method/x?status={status}&body=word");
        Assert.Equal((status, status == 204 ? "" : "word"), (answer.Status, answer.Body));
    }

    [Theory]
    [InlineData("x-own:mine", "x-own", "mine")]
    [InlineData("location:/there", "location", "/there")]
    [InlineData("etag:\"7\"", "etag", "\"7\"")]
    [InlineData("content-type:application/problem%2Bjson", "content-type", "application/problem+json")]
    [InlineData("set-cookie:a=b", "set-cookie", "a=b")]
    [InlineData("retry-after:3", "retry-after", "3")]
    [InlineData("cache-control:no-store", "cache-control", "no-store")]
    public async Task The_app_s_headers_come_back(string sent, string name, string value)
    {
        var answer = await world.CallAsync("caller", "GET", $"/v1.0/invoke/echo/method/x?header={sent}&body=x");
        Assert.Equal(value, answer.Header(name));
    }

    [Fact]
    public async Task Streamed_answers_come_whole()
    {
        var answer = await world.CallAsync("caller", "GET", "/v1.0/invoke/echo/method/stream/500");
        Assert.Equal(string.Concat(Enumerable.Range(0, 500).Select(i => $"{i};")), answer.Body);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task Large_bodies_go_both_ways(int length)
    {
        var body = new string('x', length);
        Assert.Equal(length, (await EchoAsync("POST", "/v1.0/invoke/echo/method/x", body)).GetProperty("body").GetString()!.Length);
    }

    [Theory]
    [InlineData("/v1.0/invoke/nobody/method/x", 500, "ERR_DIRECT_INVOKE")]
    [InlineData("/v1.0/invoke/nobody.default/method/x", 500, "ERR_DIRECT_INVOKE")]
    [InlineData("/nothing/here", 404, "ERR_DIRECT_INVOKE")]
    [InlineData("/v1.0/nothing", 404, "ERR_DIRECT_INVOKE")]
    [InlineData("/v1.0/invoke/echo/method", 404, "ERR_DIRECT_INVOKE")]
    [InlineData("/v1.0/invoke/echo/method?x=1", 404, "ERR_DIRECT_INVOKE")]
    [InlineData("/v1.0/invoke/echo", 404, "ERR_DIRECT_INVOKE")]
    [InlineData("/v1.0/invoke/echo/x", 404, "ERR_DIRECT_INVOKE")]
    public async Task Who_is_not_there_cannot_be_called(string target, int status, string code)
    {
        var answer = await world.CallAsync("caller", "GET", target);
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
    }

    private async Task<JsonElement> EchoAsync(
        string verb, string target, string? body = null, params (string Name, string Value)[] headers)
    {
        var answer = await world.CallAsync("caller", verb, target, body, headers);
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }
}
