using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Local.Control;
using DaprShop.Local.Hosting;
using DaprShop.Local.Tests.Hosting;

namespace DaprShop.Local.Tests.Control;

public sealed class ReplicaEndpointTests : IAsyncLifetime
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("daprshop-");
    private readonly int _port = FreePorts.Take();
    private readonly HttpClient _http = new();
    private LocalRuntime _runtime = null!;
    private IAsyncDisposable _control = null!;

    public async ValueTask InitializeAsync()
    {
        _runtime = await new WorkerApp().StartAsync(_data.FullName, replicas: 1);
        _control = await ControlServer.StartAsync(_port, routes => routes.MapReplicas(_runtime));
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_port}/apps/");
    }

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        _http.Dispose();
        await _runtime.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task Tells_and_changes_the_replicas()
    {
        using var more = await _http.PostAsync("worker/replicas", new StringContent("""{"count":2}"""));
        Assert.Equal([0, 1], await NumbersAsync(more));
        using var anew = await _http.PostAsync("worker/restart", null);
        Assert.Equal([2, 3], await NumbersAsync(anew));
        using var fewer = await _http.PostAsync("worker/replicas", new StringContent("""{"count":1}"""));
        Assert.Equal([2], await NumbersAsync(fewer));

        var all = await _http.GetFromJsonAsync<List<JsonElement>>($"http://127.0.0.1:{_port}/apps");
        Assert.Equal(["caller", "worker"], all!.Select(row => row.GetProperty("app").GetString()).Order());
        Assert.All(all!, row => Assert.True(row.GetProperty("healthy").GetBoolean()));
    }

    [Theory]
    [InlineData("worker", "", 400)]
    [InlineData("worker", "3", 400)]
    [InlineData("worker", """{"count":"3"}""", 400)]
    [InlineData("worker", """{"count":0}""", 400)]
    [InlineData("worker", """{"count":17}""", 400)]
    [InlineData("worker", """{"count":99999999999}""", 400)]
    [InlineData("nobody", """{"count":2}""", 404)]
    public async Task What_cannot_be_changes_nothing(string app, string body, int status)
    {
        using var answer = await _http.PostAsync($"{app}/replicas", new StringContent(body));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.NotEmpty(await answer.Content.ReadAsStringAsync());
        Assert.Single(_runtime.Apps.Of("worker"));
    }

    [Theory]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Host", "evil.example", HttpStatusCode.NotFound)]
    public async Task A_page_in_a_browser_cannot_reach_it(string header, string value, HttpStatusCode status)
    {
        var before = _runtime.Apps.Of("worker");
        using var request = new HttpRequestMessage(HttpMethod.Post, "worker/restart");
        request.Headers.Add(header, value);
        Assert.Equal(status, (await _http.SendAsync(request)).StatusCode);
        Assert.Equal(before, _runtime.Apps.Of("worker"));
    }

    private static async Task<IEnumerable<int>> NumbersAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var rows = await answer.Content.ReadFromJsonAsync<List<JsonElement>>();
        return rows!.Select(row => row.GetProperty("replica").GetInt32()).Order();
    }
}
