async function makeAuthenticatedRequest(url, options = {}) {
let accessToken = localStorage.getItem('access_token');
// First attempt with current token
let response = await fetch(url, {
...options,
headers: {
...options.headers,
'Authorization': `Bearer ${accessToken}`
}
});
// If token expired, try to refresh
if (response.status === 401) {
const refreshToken = localStorage.getItem('refresh_token');
const refreshResponse = await fetch('https://hub.regardingwork.com/api/auth/refresh', {
method: 'POST',
headers: {
'Content-Type': 'application/json'
},
body: JSON.stringify({
refresh_token: refreshToken
})
});
if (refreshResponse.ok) {
const result = await refreshResponse.json();
// Update stored tokens
localStorage.setItem('access_token', result.access_token);
localStorage.setItem('refresh_token', result.refresh_token);
// Retry original request with new token
response = await fetch(url, {
...options,
headers: {
...options.headers,
'Authorization': `Bearer ${result.access_token}`
}
});
} else {
// Refresh failed, redirect to login
window.location.href = '/login';
return;
}
}
return response;
}
